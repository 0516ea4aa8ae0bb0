"""Compares what a module adds with the modules below it: nothing of theirs may be changed."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from modpkg.errors import DocumentError, Problem
from modpkg.rootfs.inventory import inventory, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from modpkg.model.module import Module

OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")


def check_layers(upper: Path, below: Sequence[Module], *, replaces: Iterable[str], recipe: str) -> None:
    """Refuse a delta that removes a path of a lower module: a whiteout, or an opaque directory.

    The kernel marks every new directory opaque, so the mark counts only where a lower module has that directory.
    """
    owners = _owners(below)
    allowed = {path.lstrip("/") for path in replaces}
    start = len(str(upper)) + 1
    hidden = [e.path[start:] for e in walk(upper) if _is_whiteout(e) or _hides(e, e.path[start:], owners)]
    removed = [path for path in hidden if path in owners and path not in allowed]
    _refuse([(path, "removes") for path in removed], owners, recipe)
    # What is left lies over glue, which no module owns: a database that a script wrote anew.
    for path in hidden:
        if path not in owners:
            (upper / path).unlink()


def take_delta(
    upper: Path, below: Sequence[Module], *, replaces: Iterable[str], recipe: str
) -> dict[str, str]:
    """Remove from `upper` what the lower modules have just so, and give the inventory of what stays.

    Raises DocumentError, every path named with the module that owns it, where a lower module's path differs.
    """
    owners = _owners(below)
    allowed = {path.lstrip("/") for path in replaces}
    paths = inventory(upper)
    changed = [p for p, line in paths.items() if p in owners and _differs(line, owners[p][1])]
    _refuse([(path, "changes") for path in changed if path not in allowed], owners, recipe)
    # Children first, so that a directory that only led to copies goes too.
    copies = [path for path in sorted(paths, reverse=True) if path in owners and path not in changed]
    removed = {path for path in copies if _remove_copy(upper / path)}
    # Other names of a hard link may be described by the one that went.
    linked = any(" link=" in line for line in paths.values()) and bool(removed)
    return inventory(upper) if linked else {p: line for p, line in paths.items() if p not in removed}


def _owners(below: Sequence[Module]) -> Mapping[str, tuple[str, str]]:
    return {path: (module.name, line) for module in below for path, line in module.paths.items()}


def _differs(line: str, other: str) -> bool:
    # Which names of a hard link group a module has does not change what lies at a path.
    def plain(text: str) -> str:
        return text.partition(" link=")[0]

    return plain(line) != plain(other)


def _remove_copy(path: Path) -> bool:
    if path.is_dir() and not path.is_symlink():
        if any(path.iterdir()):
            return False
        path.rmdir()
    else:
        path.unlink()
    return True


def _is_whiteout(entry: os.DirEntry[str]) -> bool:
    info = entry.stat(follow_symlinks=False)
    return stat.S_ISCHR(info.st_mode) and info.st_rdev == 0


def _hides(entry: os.DirEntry[str], path: str, owners: Mapping[str, tuple[str, str]]) -> bool:
    if path not in owners or not entry.is_dir(follow_symlinks=False):
        return False
    names = os.listxattr(entry.path, follow_symlinks=False)
    return any(name in names and os.getxattr(entry.path, name) == b"y" for name in OPAQUE)


def _refuse(paths: list[tuple[str, str]], owners: Mapping[str, tuple[str, str]], recipe: str) -> None:
    if paths:
        problems = [
            Problem(
                file=recipe,
                message=f"a package or script of it {verb} /{path} of module {owners[path][0]!r}",
                hint=f"if that is meant, declare it: replaces: [/{path}]",
            )
            for path, verb in paths
        ]
        raise DocumentError(problems)
