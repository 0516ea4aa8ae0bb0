"""Locks: what a platform's packages and an image's modules are, exactly."""

from __future__ import annotations

from pydantic import Field

from modpkg.model.document import (
    Architecture,
    DebianName,
    DebianVersion,
    Name,
    Record,
    RelativePath,
    Sha256,
)


class LockedPackage(Record):
    """One distribution package. `path` is below the mirror named by `mirror`; size in bytes."""

    name: DebianName
    version: DebianVersion
    architecture: Architecture
    source: str
    source_version: str
    mirror: Name
    path: RelativePath
    size: int = Field(ge=1)
    sha256: Sha256

    @property
    def file_name(self) -> str:
        """The name apt and dpkg expect: `name_version_arch.deb`, a colon written as %3a."""
        version = self.version.replace(":", "%3a")
        return f"{self.name}_{version}_{self.architecture}.deb"


class PlatformLock(Record):
    """`recipes/platforms/<platform>.lock`: for each module the packages it adds to the modules below it.

    `build` has for some modules the packages that are there while they are built, and not in them. `inputs` is
    the digest of what the lock was made from: a changed request makes it stale.
    """

    format: int = 1
    platform: Name
    architecture: str
    inputs: Sha256
    modules: dict[Name, tuple[LockedPackage, ...]]
    build: dict[Name, tuple[LockedPackage, ...]] = Field(default_factory=dict)

    def needed_for(self, module: str) -> tuple[LockedPackage, ...]:
        """Give all packages that a build of a module needs; raises KeyError for one that is not locked."""
        return (*self.modules[module], *self.build.get(module, ()))


class LockedModule(Record):
    """One module of an image lock; sizes in bytes."""

    name: Name
    version: str
    deb_sha256: Sha256
    deb_path: RelativePath
    fragment_sha256: Sha256
    fragment_size: int


class ImageLock(Record):
    """`recipes/images/<image>.lock`. `manifest` is the digest of the manifest's parsed content."""

    format: int = 1
    name: Name
    platform: Name
    architecture: str
    channel: Name
    snapshot: str
    manifest: Sha256
    version: str
    modules: tuple[LockedModule, ...]
