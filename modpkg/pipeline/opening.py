"""Opens what commands work with: documents, lock and site, together and checked. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.formats.catalogue import load_catalogue
from modpkg.pipeline.platform_lock import Wish, load_platform_lock, lock_path
from modpkg.pipeline.workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.pipeline.site import Site


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
