"""Where the boot archive takes its files from: an image, in whatever way its files are to be had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


class Files(Protocol):
    """The files of an image, by their paths without a leading slash."""

    def read(self, path: str) -> bytes:
        """Give a file's content; raises FileNotFoundError where there is none."""

    def below(self, folder: str) -> tuple[str, ...]:
        """Give the paths of all files and links below a directory, sorted; none where there is no such directory."""

    def chain(self, path: str) -> tuple[str, ...]:
        """Give a path and, where it is a link, those it leads over; none where there is no file in the end."""

    def carve(self, paths: Collection[str], destination: Path) -> bool:
        """Write a squashfs of these files and links alone, compressed as in the image; False if they are not."""

    def where(self, path: str) -> str:
        """Say where a path is, for a message."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The files of an image that is unpacked at `root`."""

    root: Path

    def read(self, path: str) -> bytes:
        """Give a file's content; raises FileNotFoundError where there is none."""
        return (self.root / path).read_bytes()

    def below(self, folder: str) -> tuple[str, ...]:
        """Give the paths of all files and links below a directory, sorted; none where there is no such directory."""
        found = (path for path in (self.root / folder).rglob("*") if path.is_symlink() or path.is_file())
        return tuple(sorted(str(path.relative_to(self.root)) for path in found))

    def chain(self, path: str) -> tuple[str, ...]:
        """Give a path and, where it is a link, those it leads over; none where there is no file in the end."""
        # What a link leads over is asked for by what carves.
        return (path,) if (self.root / path).is_file() else ()

    def carve(self, paths: Collection[str], destination: Path) -> bool:  # noqa: ARG002 - there is nothing to take
        """Write nothing: files of a directory are not compressed."""
        return False

    def where(self, path: str) -> str:
        """Say where a path is, for a message."""
        return str(self.root / path)
