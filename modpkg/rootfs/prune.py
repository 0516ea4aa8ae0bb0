"""Leaves files out of a tree by globs: `*` stays within a directory, `**` crosses them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.rootfs.inventory import walk

if TYPE_CHECKING:
    from collections.abc import Iterable


def glob_pattern(globs: Iterable[str]) -> re.Pattern[str]:
    """Compile globs of absolute paths into one pattern that matches such a path whole."""
    # DOTALL: a line break in a name is a character like others.
    return re.compile("|".join(f"(?:{_translate(glob)})" for glob in globs) or r"(?!)", re.DOTALL)


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


def _translate(glob: str) -> str:
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(words.get(part) or re.escape(part) for part in re.split(r"(\*\*|\*|\?)", glob))
