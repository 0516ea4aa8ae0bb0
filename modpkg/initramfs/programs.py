"""Programs of the image for its initrd, with the libraries that they need.

A module names them in a file of `usr/lib/modpkg/initramfs.d/`: lines of `program PATH` and `module NAME`.
Only reads the tree; follows its links inside it alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.initramfs import cpio
from modpkg.initramfs.elf import needs_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LISTS: Final = "usr/lib/modpkg/initramfs.d"
MOST_LINKS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What modules of the image want in its initrd: paths of programs, names of kernel modules."""

    programs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


def read_extras(root: Path) -> Extras:
    """Read all lists of a tree, sorted; raises ModpkgError that names file and line."""
    found: dict[str, list[str]] = {"program": [], "module": []}
    for path in sorted((root / LISTS).glob("*.list")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            words = line.split()
            if not words or line.startswith("#"):
                continue
            if len(words) != 2 or words[0] not in found:  # noqa: PLR2004 - a kind and a name
                what = f"cannot read line {number}, {line!r}: write `program PATH` or `module NAME`"
                raise ModpkgError(what, where=str(path))
            found[words[0]].append(words[1])
    return Extras(
        programs=tuple(dict.fromkeys(found["program"])), modules=tuple(dict.fromkeys(found["module"]))
    )


def program_members(root: Path, programs: Sequence[str]) -> Iterator[cpio.Member]:
    """Give programs as `/usr/sbin/<name>`, with each library and loader that they need, once."""
    waiting: list[tuple[str, str]] = [(f"usr/sbin/{PurePosixPath(path).name}", path) for path in programs]
    known: set[str] = set()
    while waiting:
        target, path = waiting.pop()
        if target in known:
            continue
        known.add(target)
        data = _read(root, path)
        yield cpio.file(target, data, mode=0o755)
        try:
            needs = needs_of(data)
        except ValueError as error:
            raise ModpkgError(f"cannot put {path} into the initrd: {error}", where=str(root)) from error
        if needs.loader:
            waiting.append((needs.loader.lstrip("/"), needs.loader))
        for name in needs.libraries:
            library = _find_library(root, name, path)
            waiting.append((library.lstrip("/"), library))


def _find_library(root: Path, name: str, user: str) -> str:
    folders = sorted(f"/{path.relative_to(root)}" for path in root.glob("usr/lib/*-linux-gnu"))
    for folder in (*folders, "/usr/lib64", "/usr/lib"):
        if _resolve(root, f"{folder}/{name}") is not None:
            return f"{folder}/{name}"
    raise ModpkgError(f"cannot find the library {name}, which {user} needs", where=str(root))


def _read(root: Path, path: str) -> bytes:
    place = _resolve(root, path)
    if place is None:
        hint = f"correct the list in /{LISTS}, or add the package that has it"
        raise ModpkgError(f"cannot find {path}, which the initrd needs", where=str(root), hint=hint)
    return place.read_bytes()


def _resolve(root: Path, path: str) -> Path | None:
    # Links of the tree are absolute in the tree, not on this machine.
    parts = list(PurePosixPath(path.lstrip("/")).parts)
    place, links = root, 0
    while parts:
        part = parts.pop(0)
        if part == "..":
            place = place.parent if place != root else root
            continue
        following = place / part
        if following.is_symlink():
            links += 1
            if links > MOST_LINKS:
                return None
            target = following.readlink()
            place = root if target.is_absolute() else place
            parts = [*target.parts[1 if target.is_absolute() else 0 :], *parts]
        else:
            place = following
    return place if place.is_file() else None
