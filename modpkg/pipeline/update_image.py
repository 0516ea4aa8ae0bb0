"""Renews the lock of an image, wholly or for one module and what has to move with it, and tells what that changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.formats.canonical import write_record
from modpkg.formats.words import closest
from modpkg.model.version import ModuleVersion, Pin
from modpkg.pipeline.diff_images import ImageDiff, diff_images
from modpkg.pipeline.find_image import locked_image
from modpkg.pipeline.image_lock import lock_of, read_lock
from modpkg.pipeline.known_modules import MissingModulesError
from modpkg.pipeline.lock_image import lock_image

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from modpkg.model.lock import ImageLock
    from modpkg.model.manifest import Manifest
    from modpkg.model.repository import Places
    from modpkg.pipeline.known_modules import Shelves


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatedImage:
    """A lock as it is now, or would be; `diff` compares it with the one before, if there was one.

    `moved` says why modules beside the one that was asked for changed; `untold` why there is no diff.
    """

    lock: ImageLock
    path: Path
    is_written: bool
    held_back: tuple[str, ...]
    moved: tuple[str, ...]
    diff: ImageDiff | None
    untold: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to update: the manifest at `path`; of its modules all that can rise, or `module` alone."""

    path: Path
    manifest: Manifest
    architecture: str
    module: str | None = None


def update_image(
    request: Request, *, places: Places, shelves: Shelves, dry_run: bool = False
) -> UpdatedImage:
    """Resolve an image again and compare with its lock; write the new lock unless this is a dry run."""
    old = _old_lock(request)
    locked = lock_image(
        request.path,
        request.manifest,
        places=places,
        architecture=request.architecture,
        keep=_keep(request, old),
        dry_run=True,
    )
    path, untold, diff = lock_of(request.path), "", None
    if old is None:
        untold = "there was no lock to compare with"
    else:
        try:
            diff = diff_images(locked_image(old, path), locked_image(locked.lock, path), shelves=shelves)
        except MissingModulesError as error:
            untold = str(error)
    is_written = not dry_run and locked.lock != old
    if is_written:
        write_record(path, locked.lock)
    return UpdatedImage(
        lock=locked.lock,
        path=path,
        is_written=is_written,
        held_back=locked.held_back,
        moved=locked.moved,
        diff=diff,
        untold=untold,
    )


def _old_lock(request: Request) -> ImageLock | None:
    # One that cannot be read, or is of another image, is replaced. To keep what it says, it has to be sound.
    try:
        lock = read_lock(request.path)
    except BadInputError:
        if request.module:
            raise
        return None
    return lock if lock and lock.name == request.manifest.name else None


def _keep(request: Request, old: ImageLock | None) -> Mapping[str, ModuleVersion]:
    if request.module is None:
        return {}
    pins = {one.name: Pin.parse(one.version) for one in request.manifest.modules}
    if request.module not in pins:
        raise BadInputError(
            f"cannot update {request.module!r} of {request.manifest.name!r}: its manifest does not name it",
            where=str(request.path),
            hint=closest(request.module, pins),
        )
    if old is None:
        raise BadInputError(
            f"cannot update one module of {request.manifest.name!r}: it has no lock yet",
            where=str(lock_of(request.path)),
            hint=f"invoke update {request.manifest.name} locks all of them",
        )
    locked = {one.name: ModuleVersion.parse(one.version) for one in old.modules if one.name != request.module}
    # A pin that was changed since counts more than the lock.
    return {name: version for name, version in locked.items() if name in pins and pins[name].admits(version)}
