"""Manifests by name and the locks beside them: a stale or missing lock is an error that says what renews it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.formats.canonical import digest_of, read_record
from modpkg.formats.words import closest
from modpkg.model.lock import ImageLock
from modpkg.model.version import ModuleVersion, image_version

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.formats.catalogue import Catalogue
    from modpkg.model.manifest import Manifest


def find_manifest(catalogue: Catalogue, name: str) -> tuple[Path, Manifest]:
    """Give the manifest of an image and its path; raises BadInputError with what there is."""
    found = catalogue.manifests.get(name)
    if found is None:
        known = sorted(catalogue.manifests)
        raise BadInputError(
            f"no image {name!r}",
            where=str(catalogue.root / "images"),
            hint=closest(name, known) or f"there are: {', '.join(known)}",
        )
    return found


def lock_of(manifest_path: Path) -> Path:
    """Give where the lock of a manifest lies."""
    return manifest_path.with_suffix(".lock")


def read_lock(manifest_path: Path) -> ImageLock | None:
    """Read the lock beside a manifest, if there is one; raises BadInputError for one that cannot be read."""
    path = lock_of(manifest_path)
    hint = f"invoke lock {manifest_path.stem} makes it anew"
    return read_record(path, ImageLock, hint=hint) if path.exists() else None


def check_lock(lock: ImageLock | None, manifest: Manifest, *, where: str = "") -> ImageLock:
    """Give the lock if it is one of this manifest as it is now; raises BadInputError that says what to run."""
    hint = f"run: invoke lock {manifest.name}"
    if lock is None:
        raise BadInputError(f"cannot build {manifest.name!r}: it has no lock", where=where, hint=hint)
    if lock.name != manifest.name:
        raise BadInputError(
            f"cannot build {manifest.name!r}: this is the lock of {lock.name!r}", where=where, hint=hint
        )
    if lock.manifest != digest_of(manifest):
        raise BadInputError(
            f"cannot build {manifest.name!r}: its manifest changed since it was locked",
            where=where,
            hint=hint,
        )
    versions = {module.name: ModuleVersion.parse(module.version) for module in lock.modules}
    version = image_version(lock.platform, lock.architecture, versions, epoch=manifest.epoch)
    if lock.version != str(version):
        raise BadInputError(
            f"cannot build {manifest.name!r}: its lock says {lock.version}, but its modules make {version}",
            where=where,
            hint=hint,
        )
    return lock
