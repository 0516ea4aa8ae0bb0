"""Where a symbolic link leads, told by the lines of an image's paths alone: no file is looked at."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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


def chain(path: str, line_of: Callable[[str], str | None]) -> tuple[str, ...]:
    """Give a path and, where it is a link, those it leads over, to the file in the end; none where that is missing.

    `line_of` tells the line of a path, None where there is none. Directories on the way are no links.
    """
    found = [path]
    while (line := line_of(found[-1])) is not None:
        target = target_of(line)
        if target is None:
            return tuple(found)
        if len(found) > MOST_LINKS:
            break
        found.append(
            posixpath.normpath(posixpath.join("/", posixpath.dirname(found[-1]), target)).lstrip("/")
        )
    return ()
