"""What every build of a platform's modules has in common, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.formats.catalogue import load_catalogue
from modpkg.pipeline.platform_lock import Wish, load_platform_lock, lock_path

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


def open_workshop(recipes: Path, *, platform: str, site: Site, work: Path, fast: bool = False) -> Workshop:
    """Load all documents and a platform's lock. Raises BadInputError with all that is wrong with them."""
    catalogue = load_catalogue(recipes)
    wish = Wish.of(catalogue, platform)
    return Workshop(
        catalogue=catalogue,
        platform=wish.platform,
        lock=load_platform_lock(lock_path(recipes, platform), wish),
        site=site,
        work=work,
        fast=fast,
    )
