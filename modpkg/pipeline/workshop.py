"""What every build of a platform's modules has in common, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.formats.catalogue import Catalogue
    from modpkg.model.lock import PlatformLock
    from modpkg.model.platform import Platform
    from modpkg.pipeline.site import Site
    from modpkg.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """The documents, the lock, what the site has, and where packages go (`work`).

    `fast` builds at a cheap compression level and marks the result.
    """

    catalogue: Catalogue
    platform: Platform
    lock: PlatformLock
    site: Site
    work: Path
    fast: bool = False

    @property
    def store(self) -> Store:
        """The store of this site."""
        return self.site.store

    @property
    def packages(self) -> Path:
        """Where .deb and .rpm files are put."""
        return self.work / "packages" / self.platform.name
