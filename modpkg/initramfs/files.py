"""Where the boot archive takes its files from: an image, in whatever way its files are to be had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class Files(Protocol):
    """The regular files of an image, by their paths without a leading slash."""

    def read(self, path: str) -> bytes:
        """Give a file's content; raises FileNotFoundError where there is none."""

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
