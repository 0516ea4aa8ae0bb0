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
    return unquote(line.split()[TARGET], errors="surrogateescape") if line.startswith("symlink ") else None


def resolve(path: str, lines: Mapping[str, str]) -> str | None:
    """Give the path that `path` is in the end, links on the way followed inside the image; None for none."""
    followed = _followed(path, lines.get)
    return followed[1] if followed and followed[1] in lines else None


def chain(path: str, line_of: Callable[[str], str | None]) -> tuple[str, ...]:
    """Give all links on the way of a path, and the file that it is in the end; none where there is no file.

    `line_of` tells the line of a path, None where there is none.
    """
    followed = _followed(path, line_of)
    if followed is None or not (line_of(followed[1]) or "").startswith("file "):
        return ()
    return (*followed[0], followed[1])


def _followed(path: str, line_of: Callable[[str], str | None]) -> tuple[list[str], str] | None:
    # The links that were met, and where they lead; None for a circle.
    links: list[str] = []
    done = ""
    todo = path.split("/")[::-1]
    while todo:
        word = todo.pop()
        if word in {"", "."}:
            continue
        if word == "..":
            done = done.rpartition("/")[0]
            continue
        here = f"{done}/{word}" if done else word
        target = target_of(line_of(here) or "missing")
        if target is None:
            done = here
            continue
        links.append(here)
        if len(links) > MOST_LINKS:
            return None
        done = "" if posixpath.isabs(target) else done
        todo += target.split("/")[::-1]
    return links, done
