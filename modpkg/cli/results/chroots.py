"""What commands about chroots answer: small frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.pipeline.chroots import KnownChroot
    from modpkg.pipeline.commit_chroot import Committed


@dataclass(frozen=True, slots=True, kw_only=True)
class ChrootResult:
    """A chroot that a command worked on, or would have."""

    name: str
    directory: Path
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitResult:
    """A generation that was made, or would be: `linked` of its files are those of the one before."""

    name: str
    generation: int
    files: int | None
    linked: int | None
    copied_bytes: int | None
    removed: tuple[int, ...]
    directory: Path
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedChroot:
    """One chroot: its installed packages, its generations, the one that nodes take."""

    name: str
    platform: str
    packages: int
    generations: tuple[int, ...]
    current: int | None
    directory: Path


def commit_result(name: str, directory: Path, committed: Committed) -> CommitResult:
    """Tell of a generation."""
    record = committed.record
    return CommitResult(
        name=name,
        generation=committed.number,
        files=record.files if record else None,
        linked=record.linked if record else None,
        copied_bytes=record.copied_bytes if record else None,
        removed=committed.removed,
        directory=directory,
        is_done=record is not None,
    )


def listed_chroot(known: KnownChroot) -> ListedChroot:
    """Tell of a chroot."""
    return ListedChroot(
        name=known.record.name,
        platform=known.record.platform,
        packages=known.packages,
        generations=tuple(generation.number for generation in known.generations),
        current=known.current,
        directory=known.places.root,
    )
