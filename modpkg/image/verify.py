"""Compares an image with its modules: every path of every module is there, just so, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from modpkg.errors import ModpkgError
from modpkg.image.paths import plain
from modpkg.rootfs.inventory import inventory, walk
from modpkg.squashfs.read import read_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from modpkg.squashfs.read import Entry

SHOWN: Final = 10
WHITEOUT: Final = " 0:0"
# Where the digest stands in the line of a file.
DIGEST: Final = 5


def expected_paths(paths: Mapping[str, str], glue: Path) -> dict[str, str]:
    """Give what an image shows: the modules' paths with the glue on top.

    Raises ModpkgError where a directory of the glue would change the mode or owner of a module's.
    """
    top = {path: plain(line) for path, line in inventory(glue).items()}
    removed = {path for path, line in top.items() if line.startswith("char ") and line.endswith(WHITEOUT)}
    wrong = [
        f"/{path}: {line} over {paths[path]}"
        for path, line in top.items()
        if path in paths and line != paths[path] and line.startswith("dir ")
    ]
    _refuse("cannot lay the glue over the modules: directories differ", wrong)
    return {path: line for path, line in {**paths, **top}.items() if path not in removed}


def check_listing(root: Path, expected: Mapping[str, str]) -> None:
    """Compare the names in a mounted overlay with those expected; content is left for the image itself.

    An opaque directory in a layer hides those of the layers below: every new directory of a build is one.
    """
    start = len(str(root)) + 1
    found = {entry.path[start:] for entry in walk(root)}
    _refuse("cannot stack the modules: paths are hidden", sorted(expected.keys() - found))
    _refuse("cannot stack the modules: paths of no module", sorted(found - expected.keys()))


def check_list(image: Path, expected: Mapping[str, str]) -> None:
    """Compare the list of an image with what it should hold: all but the content of files, which is copied.

    Raises ModpkgError with every path that differs.
    """
    found = {path: _listed(entry) for path, entry in read_tree(image).paths.items()}
    wanted = {path: _without_digest(line) for path, line in expected.items()}
    _compare(found, wanted)


def _listed(entry: Entry) -> str:
    line = f"{entry.kind} {entry.mode:04o} {entry.owner} {entry.group}"
    if entry.kind == "file":
        line += f" {entry.size}"
    elif entry.kind == "symlink":
        line += f" {quote(entry.target)}"
    elif entry.kind in ("char", "block"):
        # As the kernel packs them: the minor number lies around the major one.
        minor = entry.device & 0xFF | entry.device >> 12 & 0xFFF00
        line += f" {entry.device >> 8 & 0xFFF}:{minor}"
    return line + "".join(f" {quote(name)}={value.hex()}" for name, value in sorted(entry.attributes))


def _without_digest(line: str) -> str:
    if not line.startswith("file "):
        return line
    words = line.split()
    return " ".join([*words[:DIGEST], *words[DIGEST + 1 :]])


def check_tree(tree: Path, expected: Mapping[str, str]) -> None:
    """Compare an image that was read back, content and all, with what it should hold."""
    found = {path: plain(line) for path, line in inventory(tree).items()}
    _compare(found, expected)


def _compare(found: Mapping[str, str], expected: Mapping[str, str]) -> None:
    paths = sorted({path for path, _ in found.items() ^ expected.items()})
    lines = [f"/{p}: {found.get(p, 'missing')}, not {expected.get(p, 'missing')}" for p in paths]
    _refuse("cannot trust the image: it reads back otherwise than written", lines)


def _refuse(what: str, lines: Sequence[str]) -> None:
    if lines:
        more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
        raise ModpkgError("\n    ".join([f"{what} ({len(lines)}):", *lines[:SHOWN], *more]))
