"""Chooses the kernel's drivers: what the recipe's globs leave out goes, unless a driver that stays needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.errors import ModpkgError
from modpkg.model.globs import glob_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def kernel_release(tree: Path) -> str | None:
    """Give the release of the one kernel in a tree, such as 6.1.0-40-amd64, or None."""
    directory = tree / "usr/lib/modules"
    releases = sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []
    if len(releases) > 1:
        raise ModpkgError(f"cannot choose between the kernels {', '.join(releases)}", where=str(tree))
    return releases[0] if releases else None


def prune_drivers(tree: Path, release: str, *, exclude: Iterable[str]) -> tuple[str, ...]:
    """Remove drivers that `exclude` matches (paths below the module directory, such as kernel/sound/**).

    A glob that begins with ! names an exception. Needs the modules.dep that depmod wrote. Gives what was removed.
    """
    directory = tree / "usr/lib/modules" / release
    needs = _dependencies((directory / "modules.dep").read_text(encoding="utf-8"))
    globs = tuple(exclude)
    out = glob_pattern(glob for glob in globs if not glob.startswith("!"))
    exceptions = glob_pattern(glob[1:] for glob in globs if glob.startswith("!"))
    kept = {driver for driver in needs if exceptions.fullmatch(driver) or not out.fullmatch(driver)}
    kept.update(*(needs[driver] for driver in kept))
    removed = sorted(set(needs) - kept)
    for driver in removed:
        (directory / driver).unlink()
    for path in sorted((directory / "kernel").rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    return tuple(removed)


def _dependencies(text: str) -> dict[str, tuple[str, ...]]:
    # modules.dep lists for each driver all that it needs, indirect ones included (modules.dep(5)).
    pairs = (line.split(":", 1) for line in text.splitlines())
    return {driver: tuple(needs.split()) for driver, needs in pairs}
