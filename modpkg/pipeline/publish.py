"""Packages to repositories: plan, then publish. Never changes or loses what was published before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.events import Sink, StepFinished, StepSkipped, StepStarted, ignore
from modpkg.host.files import locked
from modpkg.host.run import Stopwatch
from modpkg.model.repository import Places, Snapshot
from modpkg.pipeline.admission import check_contents, check_inside, check_order, check_same_bytes
from modpkg.pipeline.bring import brought
from modpkg.pipeline.index import Index, borrowed_index, opened_index
from modpkg.pipeline.journal import (
    newest_of,
    next_date,
    read_heads,
    read_snapshot,
    recover,
    refuse_lost_journal,
)
from modpkg.pipeline.keep_inputs import Inputs, keep_inputs
from modpkg.pipeline.pairs import Faults, Pair, PooledPair, read_pairs
from modpkg.pipeline.pool import intake
from modpkg.pipeline.published import published_pairs
from modpkg.pipeline.removed import check_removed, removed_identities
from modpkg.pipeline.signing import add_signed
from modpkg.pipeline.switch import new_snapshot, switch_to, write_changelog
from modpkg.yum.chunks import MANY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.openpgp.sign import Session, Signer
    from modpkg.pipeline.identity import Identity
    from modpkg.pipeline.target import Target

STEP: Final = "publish"


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
    with borrowed_index(Places(target.repository)) as index:
        return _plan(packages, target=target, index=index, now=now)


def _plan(packages: Sequence[Path], *, target: Target, index: Index, now: int) -> PublishPlan:
    places = Places(target.repository)
    pairs = read_pairs(packages)
    heads = read_heads(places)
    index.absorb(heads)
    head = newest_of(heads, target.channel)
    newest = read_snapshot(places, head) if head else None
    if newest is None:
        refuse_lost_journal(places, target.channel)
    published = published_pairs(index, (pair.identity.name for pair in pairs))
    new = []
    with Faults.gathered() as faults:
        for pair in pairs:
            with faults.of(pair.deb):
                check_contents(pair)
                if pair.identity in published:
                    check_same_bytes(pair, published[pair.identity], places=places)
                else:
                    new.append(check_inside(pair))
    check_removed(places, pairs)
    removed = removed_identities(places, {pair.identity.name for pair in pairs})
    check_order((pair.identity for pair in pairs), published.keys() | removed)
    listed = set(newest.packages) if newest else set()
    known = {pair.identity for pair in pairs} & published.keys()
    here = {identity for identity in known if published[identity].deb.sha256 in listed}
    return PublishPlan(
        channel=target.channel,
        add=tuple(new),
        reuse=tuple(published[identity] for identity in sorted(known - here)),
        present=tuple(sorted(here)),
        newest=newest,
        date=next_date(heads, now),
    )


def publish(
    packages: Sequence[Path],
    *,
    target: Target,
    signer: Signer,
    now: int,
    inputs: Inputs | None = None,
    sink: Sink = ignore,
) -> Published:
    """Add packages to a channel, for apt and for dnf. Of two publishers at once the second one waits.

    `now` (seconds since 1970) is the date of the new snapshot. `inputs` are what packages of this build were made from,
    and are kept before anything is published; None says that the packages came from elsewhere. Those are copied: who
    brought them may write into them.
    """
    target.check()
    places = Places(target.repository)
    watch = Stopwatch.started()
    with locked(places.lock, sink=sink):
        recover(places, sink=sink)
        with opened_index(places) as index:
            planned = _plan(packages, target=target, index=index, now=now)
            keep_inputs(places, inputs or {})
            if planned.newest is not None and not planned.is_needed:
                sink(StepSkipped(STEP, planned.reason))
                return _result(places, planned, planned.newest)
            sink(StepStarted(STEP, planned.reason))
            with signer.session(sink=sink) as session:
                own = inputs is not None
                snapshot = _execute(index, planned, target=target, session=session, own=own)
    sink(StepFinished(STEP, watch.seconds, watch.cpu_seconds, planned.reason))
    return _result(places, planned, snapshot)


def _execute(index: Index, planned: PublishPlan, *, target: Target, session: Session, own: bool) -> Snapshot:
    places = Places(target.repository)
    listed = planned.newest.packages if planned.newest else ()
    added = {package.sha256 for reused in planned.reuse for package in (reused.deb, reused.rpm)}
    many = len(planned.add) > MANY
    with intake(places) as taking:
        for planned_pair in planned.add:
            pair = planned_pair if own else brought(planned_pair, taking.scratch)
            deb = taking.add(pair.deb, file_name=pair.identity.deb_name)
            index.add_deb(deb, pair.control)
            rpm = add_signed(taking, pair, index=index, session=session, many=many)
            index.add(rpm.pooled, rpm.pieces)
            added |= {deb.sha256, rpm.pooled.sha256}
            write_changelog(taking, pair)
    snapshot = new_snapshot(
        [*listed, *added.difference(listed)],
        channel=planned.channel,
        date=planned.date,
        parent=planned.newest,
        key=session.key.fingerprint,
    )
    return switch_to(places, snapshot, index=index, document=target.document, session=session)


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
