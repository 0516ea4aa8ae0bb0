"""A channel gets another list of packages, all of which were published before: plan, then carry it out.

Never adds, changes or removes a package: the pool stays as it is, and so do all snapshots.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.events import Sink, StepFinished, StepSkipped, StepStarted, ignore
from modpkg.host.files import locked
from modpkg.host.run import Stopwatch
from modpkg.model.repository import Head, Places, Snapshot
from modpkg.pipeline.index import Index, borrowed_index, opened_index
from modpkg.pipeline.journal import (
    newest_of,
    next_date,
    read_heads,
    read_snapshot,
    recover,
    refuse_lost_journal,
)
from modpkg.pipeline.switch import new_snapshot, switch_to

if TYPE_CHECKING:
    from collections.abc import Iterable

    from modpkg.openpgp.sign import Signer
    from modpkg.pipeline.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePlan:
    """What a change would do to a channel. `is_needed` says whether it would do anything, `reason` why."""

    verb: str
    channel: str
    packages: frozenset[str]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    newest: Snapshot | None
    date: int
    reason: str
    is_needed: bool

    def snapshot(self, *, key: str) -> Snapshot:
        """Give the snapshot that this plan leads to."""
        return new_snapshot(self.packages, channel=self.channel, date=self.date, parent=self.newest, key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The state of a channel after a change: the plan that was carried out, and the channel's snapshot."""

    plan: ChangePlan
    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is known before a change: where, when, and what every snapshot is called."""

    target: Target
    heads: tuple[Head, ...]
    newest: Snapshot | None
    index: Index
    now: int

    @classmethod
    def read(cls, target: Target, *, index: Index, now: int) -> State:
        """Read the journal of a repository."""
        target.check()
        places = Places(target.repository)
        heads = read_heads(places)
        index.absorb(heads)
        head = newest_of(heads, target.channel)
        newest = read_snapshot(places, head) if head else None
        if newest is None:
            refuse_lost_journal(places, target.channel)
        return cls(target=target, heads=heads, newest=newest, index=index, now=now)

    @property
    def places(self) -> Places:
        """Where the repository lies."""
        return Places(self.target.repository)

    def plan(self, verb: str, packages: Iterable[str], *, reason: str, always: bool = False) -> ChangePlan:
        """Compare a list of packages with that of the channel; `always` makes a snapshot of an equal one too."""
        newest, wanted = self.newest, frozenset(packages)
        listed = frozenset(newest.packages) if newest else frozenset[str]()
        return ChangePlan(
            verb=verb,
            channel=self.target.channel,
            packages=wanted,
            added=self._names(wanted - listed),
            removed=self._names(listed - wanted),
            newest=newest,
            date=next_date(self.heads, self.now),
            reason=reason,
            is_needed=always or newest is None or wanted != listed,
        )

    def _names(self, digests: frozenset[str]) -> tuple[str, ...]:
        return self.index.labels(digests)


Planner = Callable[[State], ChangePlan]


def plan_change(planner: Planner, *, target: Target, now: int) -> ChangePlan:
    """Say what would be done. Writes nothing."""
    with borrowed_index(Places(target.repository)) as index:
        return planner(State.read(target, index=index, now=now))


def carry_out(planner: Planner, *, target: Target, signer: Signer, now: int, sink: Sink = ignore) -> Changed:
    """Plan a change of a channel and make it, with no other publisher at work."""
    places = Places(target.repository)
    watch = Stopwatch.started()
    target.check()
    with locked(places.lock, sink=sink):
        recover(places, sink=sink)
        with opened_index(places) as index:
            planned = planner(State.read(target, index=index, now=now))
            if planned.newest is not None and not planned.is_needed:
                sink(StepSkipped(planned.verb, planned.reason))
                return Changed(plan=planned, snapshot=planned.newest)
            sink(StepStarted(planned.verb, planned.reason))
            with signer.session(sink=sink) as session:
                snapshot = planned.snapshot(key=session.key.fingerprint)
                snapshot = switch_to(places, snapshot, index=index, document=target.document, session=session)
    sink(StepFinished(planned.verb, watch.seconds, watch.cpu_seconds, planned.reason))
    return Changed(plan=planned, snapshot=snapshot)
