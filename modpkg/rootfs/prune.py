"""Leaves files out of a tree by globs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.model.globs import glob_pattern
from modpkg.rootfs.inventory import walk

if TYPE_CHECKING:
    from collections.abc import Iterable


def prune(tree: Path, *, exclude: Iterable[str], include: Iterable[str] = ()) -> tuple[str, ...]:
    """Remove what `exclude` matches and `include` does not; directories go when nothing is left in them."""
    out, kept = glob_pattern(exclude), glob_pattern(include)
    start = len(str(tree))
    found = [e for e in walk(tree) if out.fullmatch(e.path[start:]) and not kept.fullmatch(e.path[start:])]
    removed = []
    # Children come after their parents, so the reverse order empties directories before they are looked at.
    for entry in reversed(found):
        path = Path(entry.path)
        if not entry.is_dir(follow_symlinks=False):
            path.unlink()
        elif not any(path.iterdir()):
            path.rmdir()
        else:
            continue
        removed.append(entry.path[start:])
    return tuple(sorted(removed))
