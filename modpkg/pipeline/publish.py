"""Packages to repositories: plan, then publish. Never changes or loses what was published before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.apt.release import format_time
from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Sink, StepFinished, StepSkipped, StepStarted, ignore
from modpkg.host.files import locked
from modpkg.host.run import Stopwatch
from modpkg.model.repository import Places, Repository, Snapshot
from modpkg.pipeline.admission import check_contents, check_order, check_same_bytes
from modpkg.pipeline.journal import newest_of, read_snapshots, recover
from modpkg.pipeline.pairs import Identity, Pair, PooledPair, read_pairs
from modpkg.pipeline.pool import add_to_pool, find_in_pool
from modpkg.pipeline.signing import add_signed
from modpkg.pipeline.switch import new_snapshot, switch_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from modpkg.openpgp.sign import Session, Signer

STEP: Final = "publish"
# How far the clock may stand behind the newest publication; dates then go on from that one.
CLOCK_SLACK_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to publish: the directory of a repository, its document, one of its channels."""

    repository: Path
    document: Repository
    channel: str

    def check(self) -> None:
        """Refuse a channel that the document does not have."""
        if self.channel not in self.document.channels:
            raise BadInputError(
                f"cannot publish to channel {self.channel!r}: there is none of that name",
                hint=f"{self.document.name} has {', '.join(self.document.channels)}",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPlan:
    """What a publication would do: `reuse` is in other channels already, `present` in this one."""

    channel: str
    add: tuple[Pair, ...]
    reuse: tuple[PooledPair, ...]
    present: tuple[Identity, ...]
    newest: Snapshot | None
    date: int

    @property
    def added(self) -> tuple[Identity, ...]:
        """What the channel does not have yet, new packages and those of other channels."""
        return tuple(sorted({pair.identity for pair in self.add} | {pair.identity for pair in self.reuse}))

    @property
    def reason(self) -> str:
        """Why there is something to do, or why there is not."""
        count = len(self.added)
        if count:
            return f"{count} of {count + len(self.present)} packages are not in channel {self.channel}"
        if self.newest is None:
            return f"channel {self.channel} has no snapshot yet"
        return f"all {len(self.present)} packages are in snapshot {self.newest.id} of {self.channel}"

    @property
    def is_needed(self) -> bool:
        """Whether there is something to do."""
        return bool(self.added) or self.newest is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The state of a channel after a publication. `date` is in seconds since 1970."""

    snapshot: str
    channel: str
    date: int
    added: tuple[Identity, ...]
    present: tuple[Identity, ...]
    www: Path
    release: Path
    mirrorlist: Path
    public_key: Path
    key: str


def plan(packages: Sequence[Path], *, target: Target, now: int) -> PublishPlan:
    """Check the packages against all that is published and say what has to be done. Writes nothing."""
    target.check()
    places = Places(target.repository)
    pairs = read_pairs(packages)
    snapshots = read_snapshots(places)
    newest = newest_of(snapshots, target.channel)
    published = _published(places, snapshots)
    for pair in pairs:
        check_contents(pair)
        if pair.identity in published:
            check_same_bytes(pair, published[pair.identity], places=places)
    check_order((pair.identity for pair in pairs), published)
    listed = set(newest.packages) if newest else set()
    known = {pair.identity for pair in pairs} & published.keys()
    here = {identity for identity in known if published[identity].deb.sha256 in listed}
    return PublishPlan(
        channel=target.channel,
        add=tuple(pair for pair in pairs if pair.identity not in known),
        reuse=tuple(published[identity] for identity in sorted(known - here)),
        present=tuple(sorted(here)),
        newest=newest,
        date=_next_date(snapshots, now),
    )


def publish(
    packages: Sequence[Path], *, target: Target, signer: Signer, now: int, sink: Sink = ignore
) -> Published:
    """Add packages to a channel, for apt and for dnf. Of two publishers at once the second one waits.

    `now` (seconds since 1970) is the date of the new snapshot.
    """
    target.check()
    places = Places(target.repository)
    watch = Stopwatch.started()
    with locked(places.lock, sink=sink):
        recover(places, sink=sink)
        planned = plan(packages, target=target, now=now)
        if planned.newest is not None and not planned.is_needed:
            sink(StepSkipped(STEP, planned.reason))
            return _result(places, planned, planned.newest)
        sink(StepStarted(STEP, planned.reason))
        with signer.session(sink=sink) as session:
            snapshot = _execute(places, planned, document=target.document, session=session)
    sink(StepFinished(STEP, watch.seconds, watch.cpu_seconds, planned.reason))
    return _result(places, planned, snapshot)


def _execute(places: Places, planned: PublishPlan, *, document: Repository, session: Session) -> Snapshot:
    packages = set(planned.newest.packages) if planned.newest else set()
    for reused in planned.reuse:
        packages |= {reused.deb.sha256, reused.rpm.sha256}
    for pair in planned.add:
        deb = add_to_pool(places, pair.deb, file_name=pair.identity.deb_name)
        packages |= {deb.sha256, add_signed(places, pair, session=session).sha256}
    snapshot = new_snapshot(
        packages,
        channel=planned.channel,
        date=planned.date,
        parent=planned.newest,
        key=session.key.fingerprint,
    )
    switch_to(places, snapshot, document=document, session=session)
    return snapshot


def _published(places: Places, snapshots: Iterable[Snapshot]) -> dict[Identity, PooledPair]:
    digests = {digest for snapshot in snapshots for digest in snapshot.packages}
    pooled = [find_in_pool(places, digest) for digest in sorted(digests)]
    rpms = {package.file_name: package for package in pooled if package.path.endswith(".rpm")}
    pairs = {}
    for deb in pooled:
        if deb.path.endswith(".deb"):
            identity = Identity.of_deb(deb.file_name)
            pairs[identity] = PooledPair(deb=deb, rpm=rpms[identity.rpm_name])
    return pairs


def _next_date(snapshots: Sequence[Snapshot], now: int) -> int:
    # Dates rise within a repository: apt refuses an older one, and a snapshot's name comes from its date.
    newest = max((snapshot.date for snapshot in snapshots), default=now - 1)
    if now < newest - CLOCK_SLACK_SECONDS:
        raise ModpkgError(
            f"cannot publish at {format_time(now)}: the newest snapshot is of {format_time(newest)}",
            hint="set the clock, or SOURCE_DATE_EPOCH, to a later time",
        )
    return max(now, newest + 1)


def _result(places: Places, planned: PublishPlan, snapshot: Snapshot) -> Published:
    return Published(
        snapshot=snapshot.id,
        channel=snapshot.channel,
        date=snapshot.date,
        added=planned.added,
        present=planned.present,
        www=places.www,
        release=places.www / "dists" / snapshot.channel / "InRelease",
        mirrorlist=places.www / "rpm" / f"{snapshot.channel}.mirrorlist",
        public_key=places.public_key,
        key=snapshot.key,
    )
