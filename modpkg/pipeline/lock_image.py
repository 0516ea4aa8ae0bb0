"""The lock of an image: made from a manifest and a channel, beside the manifest, replaced only when it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.apt.index import read_channel
from modpkg.errors import BadInputError
from modpkg.formats.canonical import write_record
from modpkg.pipeline.image_lock import lock_of, read_lock
from modpkg.pipeline.offers import offers_of
from modpkg.pipeline.resolve import Channel, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from modpkg.model.lock import ImageLock
    from modpkg.model.manifest import Manifest
    from modpkg.model.repository import Places
    from modpkg.model.version import ModuleVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedImage:
    """A lock, where it is, what it changes in words, why modules are not the newest, or moved all the same."""

    lock: ImageLock
    path: Path
    changes: tuple[str, ...]
    held_back: tuple[str, ...]
    moved: tuple[str, ...] = ()


def lock_image(
    path: Path,
    manifest: Manifest,
    *,
    places: Places,
    architecture: str,
    keep: Mapping[str, ModuleVersion] | None = None,
    dry_run: bool = False,
) -> LockedImage:
    """Resolve the manifest at `path` against its channel; write the lock if it differs and this is no dry run.

    Modules in `keep` stay at these versions as far as the others let them.
    """
    channel = read_offers(manifest, places=places, architecture=architecture)
    resolution = resolve(manifest, channel, keep=keep)
    old = _old_lock(path)
    lock = resolution.lock
    if lock != old and not dry_run:
        write_record(lock_of(path), lock)
    return LockedImage(
        lock=lock,
        path=lock_of(path),
        changes=tuple(_changes(old, lock)),
        held_back=resolution.held_back,
        moved=resolution.moved,
    )


def read_offers(manifest: Manifest, *, places: Places, architecture: str) -> Channel:
    """Give what the channel of a manifest offers for its platform, verified as apt does."""
    published = read_channel(
        places.root, manifest.channel, architecture=architecture, keyring=places.public_key
    )
    platform = manifest.platform
    return Channel(
        name=manifest.channel,
        snapshot=published.snapshot,
        platform=platform,
        architecture=architecture,
        offers=offers_of(published.entries, platform=platform, architecture=architecture),
    )


def _old_lock(path: Path) -> ImageLock | None:
    # One that cannot be read is to be replaced: its faults are of no interest any more.
    try:
        return read_lock(path)
    except BadInputError:
        return None


def _changes(old: ImageLock | None, new: ImageLock) -> list[str]:
    before = {module.name: module.version for module in old.modules} if old else {}
    after = {module.name: module.version for module in new.modules}
    names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    return [f"{name}: {before.get(name, 'new')} -> {after.get(name, 'removed')}" for name in names]
