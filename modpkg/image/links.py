"""Where a symbolic link leads, told by the lines of an image's paths alone: no file is looked at."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

# As the kernel: a chain that is longer is a circle.
MOST_LINKS: Final = 40
TARGET: Final = 4


def target_of(line: str) -> str | None:
    """Give the target of a path's line, or None where it is no symbolic link."""
    words = line.split()
    return unquote(words[TARGET], errors="surrogateescape") if words[0] == "symlink" else None


def resolve(path: str, lines: Mapping[str, str]) -> str | None:
    """Give the path that `path` is in the end, links on the way followed inside the image; None for none."""
    done: list[str] = []
    todo = path.split("/")[::-1]
    followed = 0
    while todo:
        word = todo.pop()
        if word in {"", "."}:
            continue
        if word == "..":
            done = done[:-1]
            continue
        here = "/".join([*done, word])
        target = target_of(lines.get(here, "missing"))
        if target is None:
            done.append(word)
            continue
        followed += 1
        if followed > MOST_LINKS:
            return None
        done = [] if posixpath.isabs(target) else done
        todo += target.split("/")[::-1]
    found = "/".join(done)
    return found if found in lines else None
