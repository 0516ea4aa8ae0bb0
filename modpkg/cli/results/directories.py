"""What commands about image directories and a site's files answer: small frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.pipeline.edit_image import Edited
    from modpkg.pipeline.images import BuiltImage, Removal


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedImage:
    """One image that was built: its bytes, those shared with others included, and how long ago it was built."""

    name: str
    version: str
    site: str | None
    bytes: int
    age_seconds: float
    directory: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalResult:
    """An image that was removed, or would be, and the bytes that nothing else has."""

    directory: Path
    freed_bytes: int
    removed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EditResult:
    """A file of a site: where it lies, where its content came from, and what to run for nodes to get it."""

    path: str
    file: Path
    taken_from: str
    changed: bool
    written: bool
    next: tuple[str, ...]


def listed_image(image: BuiltImage, *, now: int) -> ListedImage:
    """Tell of one image that was built."""
    return ListedImage(
        name=image.about.name,
        version=image.about.image.version,
        site=image.about.site.fingerprint if image.about.site else None,
        bytes=image.size,
        age_seconds=max(0.0, round(now - image.built)),
        directory=image.directory,
    )


def removal_result(removal: Removal, *, removed: bool) -> RemovalResult:
    """Tell what was removed."""
    return RemovalResult(directory=removal.directory, freed_bytes=removal.freed, removed=removed)


def edit_result(edited: Edited, *, written: bool) -> EditResult:
    """Tell what became of a file."""
    place = edited.place
    return EditResult(
        path=place.path,
        file=place.file,
        taken_from=place.before.origin,
        changed=edited.changed,
        written=written and edited.changed,
        next=tuple(f"invoke build-image {image}" for image in place.images) if edited.changed else (),
    )
