"""Where the boot archive takes its files from: an image, in whatever way its files are to be had."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from pathlib import Path


# As the kernel: a chain that is longer is a circle.
MOST_LINKS: Final = 40


class Files(Protocol):
    """The regular files of an image, by their paths without a leading slash."""

    def read(self, path: str) -> bytes:
        """Give a file's content; raises FileNotFoundError where there is none."""

    def names(self, folder: str) -> tuple[str, ...]:
        """Give the names of what lies directly in a directory, sorted; none where there is no such directory."""

    def resolve(self, path: str) -> str | None:
        """Give the regular file that a path leads to, links followed inside the image; None for none."""

    def where(self, path: str) -> str:
        """Say where a path is, for a message."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The files of an image that is unpacked at `root`."""

    root: Path

    def read(self, path: str) -> bytes:
        """Give a file's content; raises FileNotFoundError where there is none."""
        return (self.root / path).read_bytes()

    def where(self, path: str) -> str:
        """Say where a path is, for a message."""
        return str(self.root / path)

    def names(self, folder: str) -> tuple[str, ...]:
        """Give the names of what lies directly in a directory, sorted; none where there is no such directory."""
        place = self.root / folder
        return tuple(sorted(entry.name for entry in place.iterdir())) if place.is_dir() else ()

    def resolve(self, path: str) -> str | None:
        """Give the regular file that a path leads to, links followed inside the image; None for none."""
        # Links of the tree are absolute in the tree, not on this machine.
        parts = list(PurePosixPath(path.lstrip("/")).parts)
        place, links = self.root, 0
        while parts:
            part = parts.pop(0)
            if part == "..":
                place = place.parent if place != self.root else place
                continue
            following = place / part
            if not following.is_symlink():
                place = following
                continue
            links += 1
            if links > MOST_LINKS:
                return None
            target = following.readlink()
            place = self.root if target.is_absolute() else place
            parts = [*target.parts[1 if target.is_absolute() else 0 :], *parts]
        return str(place.relative_to(self.root)) if place.is_file() else None
