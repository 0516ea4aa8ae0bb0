"""Opens what commands work with: documents, locks and site, together and checked.

Nothing is built or published here; the store may take in the modules of an image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.events import Sink, ignore
from modpkg.formats.catalogue import load_catalogue
from modpkg.pipeline.build_image import Plan, plan_image
from modpkg.pipeline.image_lock import check_lock
from modpkg.pipeline.lock_image import find_manifest, lock_of, read_lock
from modpkg.pipeline.lock_platform import Wish, load_platform_lock, lock_path
from modpkg.pipeline.obtain import Repository, obtain
from modpkg.pipeline.workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.pipeline.site import Site
    from modpkg.pipeline.workplace import Workplace


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


def open_image(recipes: Path, name: str, *, workplace: Workplace, site: Site, sink: Sink = ignore) -> Plan:
    """Take the modules that an image's lock names into the store, and plan the image of them.

    Raises BadInputError when the lock is missing or stale, with the command that renews it.
    """
    path, manifest = find_manifest(load_catalogue(recipes), name)
    lock = check_lock(read_lock(path), manifest, where=str(lock_of(path)))
    modules = obtain(lock, Repository(www=workplace.places.www), store=site.store, sink=sink)
    return plan_image(manifest, modules, images=workplace.images)
