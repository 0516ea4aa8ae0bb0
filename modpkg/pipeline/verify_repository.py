"""A repository checked as its clients would, over the network or in a directory. Changes nothing.

Every fault is told at once, with its file and its reason. A signature is checked before what it signs is
believed; a package is held against both indices, its signature and its own header.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from modpkg.apt.verify import Suite, SuiteCheck
from modpkg.errors import EXIT_FAILED, BadInputError
from modpkg.events import Sink, StepFinished, StepStarted, ignore
from modpkg.host.run import Stopwatch
from modpkg.model.fault import Fault, Faults
from modpkg.model.repository import snapshot_id
from modpkg.openpgp.inspect import public_keys
from modpkg.openpgp.verify import Ring, opened_ring
from modpkg.pipeline.verify_packages import PackageCheck
from modpkg.store.origin import MissingError, Origin, OriginError
from modpkg.yum.verify import YumCheck, YumState

if TYPE_CHECKING:
    from pathlib import Path

STEP: Final = "verify"
MOST_ATTEMPTS: Final = 3
LARGEST_KEY: Final = 1 << 20
LARGEST_RELEASE: Final = 16 << 20
PUBLIC_KEY: Final = "key.asc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to verify and against what.

    `now` and `since` are seconds since 1970; `snapshot` is the one that must be shown. `addresses` are those
    at which clients find the repository, () if that is not known. "quick" leaves out the content of packages.
    """

    origin: Origin
    keyring: Path
    channels: tuple[str, ...]
    now: int
    since: int | None = None
    snapshot: str | None = None
    addresses: tuple[str, ...] = ()
    depth: Literal["full", "quick"] = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """What a verified channel shows. `debs` and `rpms` count packages; times in seconds since 1970."""

    channel: str
    snapshot: str
    date: int
    valid_until: int
    key: str
    debs: int
    rpms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All that was found. `absent` are channels of which there is no trace at all."""

    address: str
    channels: tuple[ChannelState, ...]
    absent: tuple[str, ...]
    faults: tuple[Fault, ...]

    @property
    def exit_code(self) -> int:
        """The status that a command ends with."""
        return EXIT_FAILED if self.faults else 0


def verify_repository(wish: Wish, *, sink: Sink = ignore) -> Verification:
    """Verify all channels of a repository; raises BadInputError where nothing is published at all."""
    watch = Stopwatch.started()
    sink(StepStarted(STEP, wish.origin.address))
    absent = tuple(channel for channel in wish.channels if _is_absent(wish.origin, channel))
    present = [channel for channel in wish.channels if channel not in absent]
    if not present:
        raise BadInputError(
            f"cannot verify {', '.join(wish.channels)}: nothing is published there",
            where=wish.origin.address,
            hint="name the directory or the address that holds dists/ and rpm/",
        )
    faults = Faults()
    with opened_ring(wish.keyring) as ring:
        _check_public_key(wish, faults)
        states = [_verify_until_quiet(wish, ring, channel, faults, sink=sink) for channel in present]
    sink(StepFinished(STEP, watch.seconds, watch.cpu_seconds))
    return Verification(
        address=wish.origin.address,
        channels=tuple(state for state in states if state),
        absent=absent,
        faults=tuple(sorted(faults.found)),
    )


def _is_absent(origin: Origin, channel: str) -> bool:
    for path in (f"dists/{channel}/InRelease", f"rpm/{channel}.mirrorlist"):
        try:
            origin.size(path)
        except MissingError:
            continue
        except OriginError:
            return False
        return False
    return True


def _check_public_key(wish: Wish, faults: Faults) -> None:
    # Whoever sets up a client takes this file.
    trusted = {key.fingerprint for key in public_keys(wish.keyring.read_text(encoding="ascii"))}
    try:
        offered = public_keys(wish.origin.read(PUBLIC_KEY, most=LARGEST_KEY).decode("ascii", "replace"))
    except (OriginError, BadInputError) as error:
        faults.add(PUBLIC_KEY, error.what if isinstance(error, BadInputError) else str(error))
        return
    for key in offered:
        if key.fingerprint not in trusted:
            faults.add(PUBLIC_KEY, f"it offers the key {key.fingerprint}, which is not in the key ring")
        if not key.is_sound:
            faults.add(
                PUBLIC_KEY, f"the key {key.fingerprint} is bound by a digest that is weaker than SHA-256"
            )
        if key.expires is not None and key.expires <= wish.now:
            faults.add(PUBLIC_KEY, f"the key {key.fingerprint} has expired")


def _verify_until_quiet(
    wish: Wish, ring: Ring, channel: str, faults: Faults, *, sink: Sink
) -> ChannelState | None:
    # A publication may happen meanwhile: what is found then is no fault, and the new state is looked at.
    for _ in range(MOST_ATTEMPTS):
        before = _release_of(wish.origin, channel)
        found = Faults()
        state = _verify_channel(wish, ring, channel, found, sink=sink)
        if not found.found or _release_of(wish.origin, channel) == before:
            break
    faults.found.update(found.found)
    return state


def _release_of(origin: Origin, channel: str) -> bytes:
    try:
        return origin.read(f"dists/{channel}/InRelease", most=LARGEST_RELEASE)
    except OriginError:
        return b""


def _verify_channel(
    wish: Wish, ring: Ring, channel: str, faults: Faults, *, sink: Sink
) -> ChannelState | None:
    apt = SuiteCheck(
        origin=wish.origin, ring=ring, faults=faults, channel=channel, now=wish.now, since=wish.since
    ).run()
    yum = YumCheck(
        origin=wish.origin, ring=ring, faults=faults, channel=channel, addresses=wish.addresses
    ).run()
    if apt and yum:
        _compare(apt, yum, channel=channel, faults=faults)
    _check_pin(wish, apt, yum, channel=channel, faults=faults)
    packages = PackageCheck(origin=wish.origin, ring=ring, faults=faults, depth=wish.depth, sink=sink)
    packages.run(apt.entries if apt else (), yum.entries if yum else ())
    if apt is None:
        return None
    return ChannelState(
        channel=channel,
        snapshot=apt.release.snapshot,
        date=apt.release.date,
        valid_until=apt.release.valid_until,
        key=apt.key,
        debs=len(apt.entries),
        rpms=len(yum.entries) if yum else 0,
    )


def _compare(apt: Suite, yum: YumState, *, channel: str, faults: Faults) -> None:
    # yum's own metadata cannot tell that an older state is served again; apt's signed date and this can.
    where = f"rpm/{channel}.mirrorlist"
    if yum.snapshot != apt.release.snapshot:
        faults.add(where, f"it shows snapshot {yum.snapshot}, but apt's InRelease {apt.release.snapshot}")
        return
    digests = [*(entry.sha256 for entry in apt.entries), *(entry.sha256 for entry in yum.entries)]
    if snapshot_id(digests, date=yum.date) != yum.snapshot:
        faults.add(where, "the packages of both indices are not those that the snapshot's name stands for")


def _check_pin(wish: Wish, apt: Suite | None, yum: YumState | None, *, channel: str, faults: Faults) -> None:
    if wish.snapshot is None:
        return
    if apt and apt.release.snapshot != wish.snapshot:
        faults.add(
            f"dists/{channel}/InRelease", f"it shows snapshot {apt.release.snapshot}, not the pinned one"
        )
    if yum and yum.snapshot != wish.snapshot:
        faults.add(f"rpm/{channel}.mirrorlist", f"it shows snapshot {yum.snapshot}, not the pinned one")
