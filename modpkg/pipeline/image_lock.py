"""Whether an image lock is one of its manifest: a stale or missing lock is an error that says what renews it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.formats.canonical import digest_of
from modpkg.model.version import ModuleVersion, image_version

if TYPE_CHECKING:
    from modpkg.model.lock import ImageLock
    from modpkg.model.manifest import Manifest


def check_lock(lock: ImageLock | None, manifest: Manifest, *, where: str = "") -> ImageLock:
    """Give the lock if it is one of this manifest as it is now; raises BadInputError that says what to run."""
    hint = f"run: invoke lock {manifest.name}"
    if lock is None:
        raise BadInputError(f"cannot build {manifest.name!r}: it has no lock", where=where, hint=hint)
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
