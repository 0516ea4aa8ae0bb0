"""The cache of a repository made anew from its journal and its pool. Changes nothing that clients see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.events import Sink, StepFinished, StepStarted, ignore
from modpkg.host.files import locked
from modpkg.host.run import Stopwatch
from modpkg.model.repository import Places
from modpkg.pipeline.index import delete_index, opened_index
from modpkg.pipeline.journal import read_heads, read_snapshots, recover

if TYPE_CHECKING:
    from pathlib import Path

STEP: Final = "rebuild-index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What was read: snapshots of the journal, packages of the pool."""

    snapshots: int
    packages: int
    index: Path


def rebuild_index(repository: Path, *, sink: Sink = ignore) -> Rebuilt:
    """Delete the cache and read all that it holds again: every package of every snapshot."""
    places = Places(repository)
    watch = Stopwatch.started()
    with locked(places.lock, sink=sink):
        recover(places, sink=sink)
        heads = read_heads(places)
        sink(StepStarted(STEP, f"{len(heads)} snapshots"))
        delete_index(places)
        with opened_index(places) as index:
            index.absorb(heads)
            packages = index.read_all()
    reason = f"{packages} packages of {len(heads)} snapshots"
    sink(StepFinished(STEP, watch.seconds, watch.cpu_seconds, reason))
    return Rebuilt(snapshots=len(heads), packages=packages, index=places.index)


def count_index(repository: Path) -> Rebuilt:
    """Tell what would be read. Writes nothing."""
    places = Places(repository)
    heads = read_heads(places)
    packages = {digest for snapshot in read_snapshots(places) for digest in snapshot.packages}
    return Rebuilt(snapshots=len(heads), packages=len(packages), index=places.index)
