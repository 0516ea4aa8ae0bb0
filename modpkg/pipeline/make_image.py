"""An image by its name: from lock and repository to an image directory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.pipeline.build_image import Plan, build_image, plan_image
from modpkg.pipeline.describe_image import NO_PENS, Pens
from modpkg.pipeline.image_lock import check_lock, find_manifest, lock_of, read_lock
from modpkg.pipeline.obtain import Repository, obtain

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.formats.catalogue import Catalogue
    from modpkg.model.image import ImageDirectory
    from modpkg.pipeline.workplace import Workplace
    from modpkg.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What is asked for beside the manifest: an EFI program, and who signs what."""

    uki: bool = False
    pens: Pens = NO_PENS


PLAIN: Final = Extras()


def plan_named_image(
    catalogue: Catalogue,
    name: str,
    *,
    workplace: Workplace,
    store: Store,
    sink: Sink,
    extras: Extras = PLAIN,
) -> Plan:
    """Bring the modules of an image's lock into the store and plan its assembly."""
    path, manifest = find_manifest(catalogue, name)
    lock = check_lock(read_lock(path), manifest, where=str(lock_of(path)))
    modules = obtain(lock, Repository(www=workplace.places.www), store=store, sink=sink)
    return plan_image(
        manifest, modules, images=workplace.images, site=catalogue.site_of(name), uki=extras.uki
    )


def make_image(
    catalogue: Catalogue,
    name: str,
    *,
    workplace: Workplace,
    store: Store,
    sink: Sink,
    extras: Extras = PLAIN,
) -> tuple[Path, ImageDirectory]:
    """Build the image of a lock, unless it is built; give its directory and what image.json says."""
    plan = plan_named_image(catalogue, name, workplace=workplace, store=store, sink=sink, extras=extras)
    return plan.directory, build_image(plan, store=store, sink=sink, pens=extras.pens)
