"""A manifest and a channel to an image lock: exact modules, the newest that fit together.

Pure: the channel's index is given, the lock is returned. Nothing is fetched or written.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError
from modpkg.formats.canonical import digest_of
from modpkg.formats.words import closest
from modpkg.model.lock import ImageLock, LockedModule
from modpkg.model.version import ModuleVersion, Pin, image_version
from modpkg.pipeline.offers import Offer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from modpkg.model.manifest import Manifest

CORE: Final = "core"
VERSIONS_SHOWN: Final = 8
Choice = dict[str, Offer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What a channel offers for one platform and architecture, at one snapshot."""

    name: str
    snapshot: str
    platform: str
    architecture: str
    offers: tuple[Offer, ...]

    def of(self, module: str) -> tuple[Offer, ...]:
        """Give the offers of a module, newest first."""
        found = (offer for offer in self.offers if offer.module == module)
        return tuple(sorted(found, key=lambda offer: offer.version, reverse=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """A lock; a sentence for each module that is not the newest its pin admits, or was to stay and moved."""

    lock: ImageLock
    held_back: tuple[str, ...]
    moved: tuple[str, ...] = ()


def resolve(
    manifest: Manifest, channel: Channel, *, keep: Mapping[str, ModuleVersion] | None = None
) -> Resolution:
    """Choose the modules of a manifest. Raises BadInputError with everything that cannot be chosen.

    Modules in `keep` stay at these versions as far as the newest of the others let them.
    """
    kept = keep or {}
    candidates = _candidates(manifest, channel, kept)
    # Who is free to rise chooses first, core before all others.
    order = sorted(candidates, key=lambda name: (name in kept, name != CORE))
    complete = {
        name: tuple(offer for offer in offers if offer.depends.keys() <= candidates.keys())
        for name, offers in candidates.items()
    }
    choice = next(_consistent(order, complete), None)
    if choice is None:
        raise _inconsistent(manifest, {name: offers[0] for name, offers in candidates.items()})
    first = {name: offers[0] for name, offers in candidates.items()}
    others = {name: _why(name, first, choice) for name in order if choice[name] != first[name]}
    gone = {
        name: f"{name} {version} is not in channel {channel.name!r} any more, {choice[name].version} is taken"
        for name, version in kept.items()
        if name in candidates and first[name].version != version
    }
    return Resolution(
        lock=_lock(manifest, channel, choice),
        held_back=tuple(why for name, why in others.items() if name not in kept),
        moved=tuple(
            gone.get(name) or others[name] for name in order if name in gone or name in others.keys() & kept
        ),
    )


def _candidates(
    manifest: Manifest, channel: Channel, kept: Mapping[str, ModuleVersion]
) -> dict[str, tuple[Offer, ...]]:
    candidates: dict[str, tuple[Offer, ...]] = {}
    faults: list[str] = []
    for pin in manifest.modules:
        offers = channel.of(pin.name)
        faults += _revision_faults(pin.name, offers)
        admitted = [offer for offer in offers if Pin.parse(pin.version).admits(offer.version)]
        candidates[pin.name] = tuple(_staying_first(admitted, kept.get(pin.name)))
        if not candidates[pin.name]:
            faults.append(_missing(pin.name, pin.version, channel))
    if CORE not in candidates:
        faults.append(f'core is not in the manifest; add: - {{name: core, version: "~{_line_of(channel)}"}}')
    if faults:
        raise _faults(manifest, faults)
    return candidates


def _staying_first(offers: Sequence[Offer], stays: ModuleVersion | None) -> Iterator[Offer]:
    # Newest first, but before them the one that is to stay.
    yield from (offer for offer in offers if offer.version == stays)
    yield from (offer for offer in offers if offer.version != stays)


def _line_of(channel: Channel) -> str:
    offers = channel.of(CORE)
    return f"{offers[0].version.major}.{offers[0].version.minor}" if offers else "1.0"


def _missing(name: str, pin: str, channel: Channel) -> str:
    where = f"channel {channel.name!r} for {channel.platform} {channel.architecture}"
    if offers := channel.of(name):
        versions = ", ".join(str(offer.version) for offer in offers[:VERSIONS_SHOWN])
        return f"{name} {pin} is not in {where}; there is {versions}"
    names = sorted({offer.module for offer in channel.offers})
    advice = closest(name, names) or f"there is {', '.join(names) or 'nothing'}"
    return f"{name} is not in {where}; {advice}"


def _revision_faults(name: str, offers: Sequence[Offer]) -> Iterator[str]:
    # offers are newest first: revisions have to fall with the versions, as R never resets (design.md 4).
    for newer, older in pairwise(offers):
        if newer.version == older.version:
            yield f"{name} {newer.version} is there twice, with different content"
        elif newer.version.revision <= older.version.revision:
            yield f"{name} {newer.version} is newer than {older.version}, but its revision is not greater"


def _consistent(order: Sequence[str], candidates: Mapping[str, tuple[Offer, ...]]) -> Iterator[Choice]:
    """Give all sets that fit together; the first one has the newest core, then the newest of each pin in turn."""
    if not order:
        yield {}
        return
    first, *others = order
    for offer in candidates[first]:
        # Looking ahead: what fits with no candidate of a later pin would be tried with all of the others.
        rest = {name: tuple(other for other in candidates[name] if _fit(offer, other)) for name in others}
        if all(rest.values()):
            yield from ({first: offer, **choice} for choice in _consistent(others, rest))


def _fit(one: Offer, other: Offer) -> bool:
    return (
        one.depends.get(other.module, other.version) == other.version
        and other.depends.get(one.module, one.version) == one.version
    )


def _inconsistent(manifest: Manifest, newest: Choice) -> BadInputError:
    faults = []
    for name, offer in newest.items():
        for lower, version in offer.depends.items():
            if lower not in newest:
                faults.append(
                    f"{name} {offer.version} was built on {lower} {version}, which the manifest does not name; "
                    f'add: - {{name: {lower}, version: "{version}"}}'
                )
            elif newest[lower].version != version:
                faults.append(
                    f"{name} {offer.version} was built on {lower} {version}, but {newest[lower].version} is pinned; "
                    f"build {name} again on it, or pin another"
                )
    return _faults(manifest, faults)


def _faults(manifest: Manifest, faults: Sequence[str]) -> BadInputError:
    lines = "".join(f"\n    {fault}" for fault in faults)
    return BadInputError(f"cannot lock {manifest.name!r}:{lines}")


def _why(name: str, newest: Choice, choice: Choice) -> str:
    wanted, taken = newest[name], choice[name]
    reasons = [
        f"{other.module} {other.version} was built on {name} {other.depends[name]}"
        for other in choice.values()
        if other.depends.get(name, wanted.version) != wanted.version
    ]
    reasons += [
        f"it was built on {lower} {version}"
        for lower, version in wanted.depends.items()
        if lower in choice and choice[lower].version != version
    ]
    return f"{name} {wanted.version} is there, but {taken.version} is taken: {'; '.join(reasons)}"


def _lock(manifest: Manifest, channel: Channel, choice: Choice) -> ImageLock:
    versions = {name: offer.version for name, offer in choice.items()}
    version = image_version(channel.platform, channel.architecture, versions, epoch=manifest.epoch)
    return ImageLock(
        name=manifest.name,
        platform=channel.platform,
        architecture=channel.architecture,
        channel=channel.name,
        snapshot=channel.snapshot,
        manifest=digest_of(manifest),
        version=str(version),
        modules=tuple(_locked(choice[name]) for name in sorted(choice)),
    )


def _locked(offer: Offer) -> LockedModule:
    return LockedModule(
        name=offer.module,
        version=str(offer.version),
        deb_sha256=offer.deb_sha256,
        deb_path=offer.deb_path,
        fragment_sha256=offer.fragment_sha256,
        fragment_size=offer.fragment_size,
    )
