"""Which images could have newer modules: locks beside their channels, and what pins keep out. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from modpkg.errors import BadInputError, ModpkgError
from modpkg.model.version import ModuleVersion, Pin
from modpkg.pipeline.image_lock import check_lock, find_manifest, lock_of, read_lock
from modpkg.pipeline.lock_image import read_offers
from modpkg.pipeline.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from modpkg.formats.catalogue import Catalogue
    from modpkg.model.lock import ImageLock
    from modpkg.model.manifest import Manifest
    from modpkg.model.repository import Places
    from modpkg.pipeline.resolve import Channel

LockState = Literal["current", "missing", "stale"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutdatedModule:
    """A module of which there is something newer.

    `locked` is what the image has, `wanted` what an update would take, `newest` what the channel has; where `pin`
    keeps the newest out, `pin_for_newest` is the one that would admit it.
    """

    image: str
    module: str
    pin: str
    locked: str
    wanted: str
    newest: str
    pin_for_newest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutdatedImage:
    """An image, the state of its lock, and the command that renews it, "" where nothing is to be done.

    `fault` says why its channel could not be asked, or that nothing fits together there.
    """

    name: str
    channel: str
    lock: LockState
    update: str
    fault: str
    modules: tuple[OutdatedModule, ...]

    @property
    def needs_work(self) -> bool:
        """Whether an update would change the lock, or cannot be told."""
        return bool(self.update or self.fault)


def outdated_images(
    catalogue: Catalogue, *, places: Places, name: str | None = None
) -> tuple[OutdatedImage, ...]:
    """Give all images of the recipes, or one, with what is newer. What is wrong with one is told with it."""
    names = [name] if name else sorted(catalogue.manifests)
    return tuple(_image(catalogue, one, places) for one in names)


def _image(catalogue: Catalogue, name: str, places: Places) -> OutdatedImage:
    path, manifest = find_manifest(catalogue, name)
    lock, state = _lock(path, manifest)
    blank = OutdatedImage(
        name=name,
        channel=manifest.channel,
        lock=state,
        update="" if state == "current" else f"invoke update {name}",
        fault="",
        modules=(),
    )
    architecture = catalogue.platforms[manifest.platform].architecture
    try:
        channel = read_offers(manifest, places=places, architecture=architecture)
        new = {one.name: one.version for one in resolve(manifest, channel).lock.modules}
    except ModpkgError as error:
        return replace(blank, fault=error.what)
    old = {one.name: one.version for one in lock.modules} if lock else {}
    is_behind = state == "current" and old != new
    return replace(
        blank,
        update=f"invoke update {name}" if is_behind else blank.update,
        modules=tuple(_modules(manifest, channel, old=old, new=new)),
    )


def _lock(path: Path, manifest: Manifest) -> tuple[ImageLock | None, LockState]:
    if not lock_of(path).exists():
        return None, "missing"
    try:
        return check_lock(read_lock(path), manifest), "current"
    except BadInputError:
        return _readable(path, manifest), "stale"


def _readable(path: Path, manifest: Manifest) -> ImageLock | None:
    # A stale lock still tells what the image has; one of another image, or of no image, does not.
    try:
        lock = read_lock(path)
    except BadInputError:
        return None
    return lock if lock and lock.name == manifest.name else None


def _modules(
    manifest: Manifest, channel: Channel, *, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[OutdatedModule]:
    for one in manifest.modules:
        newest = channel.of(one.name)[0].version
        locked, wanted = old.get(one.name, ""), new[one.name]
        pin = Pin.parse(one.version)
        if locked != wanted or newest > ModuleVersion.parse(wanted):
            yield OutdatedModule(
                image=manifest.name,
                module=one.name,
                pin=one.version,
                locked=locked,
                wanted=wanted,
                newest=str(newest),
                pin_for_newest="" if pin.admits(newest) else str(pin.following(newest)),
            )
