from dataclasses import replace
from pathlib import Path

from modpkg.cli.results import channels as results
from modpkg.model.repository import Snapshot
from modpkg.pipeline.change import Changed, ChangePlan
from modpkg.pipeline.list_snapshots import SnapshotState
from modpkg.pipeline.prune import PrunePlan
from modpkg.pipeline.rebuild_index import Rebuilt

DIGEST = "ab" * 32
CORE = "modpkg-module-core-bookworm 12.0.3-41 amd64"
NFS = "modpkg-module-nfs-bookworm 1.0.0-2 amd64"
WWW = Path("/build/repository/www")


def test_a_change_done_and_planned_differ_in_snapshot_and_key_alone() -> None:
    snapshot = Snapshot(
        id=DIGEST, channel="stable", date=1_700_000_000, key="F" * 40, parent=None, packages=(DIGEST,)
    )
    plan = ChangePlan(
        verb="promote",
        channel="stable",
        packages=frozenset({DIGEST}),
        added=(CORE,),
        removed=(NFS,),
        newest=None,
        date=snapshot.date,
        reason="1 package",
        is_needed=True,
    )
    done = results.change_result(Changed(plan=plan, snapshot=snapshot), WWW.parent)
    assert (done.added, done.removed, done.packages) == ((CORE,), (NFS,), 1)
    assert (done.snapshot, done.key) == (DIGEST, "F" * 40)
    assert replace(done, snapshot=None, key=None) == results.planned_change(plan, WWW.parent)


def test_a_snapshot_tells_whether_it_is_current() -> None:
    snapshot = Snapshot(
        id=DIGEST, channel="stable", date=1_700_000_000, key="F" * 40, parent=None, packages=(DIGEST,)
    )
    result = results.snapshot_result(SnapshotState(snapshot=snapshot, is_current=True))
    assert (result.date, result.packages, result.current) == ("2023-11-14T22:13:20Z", 1, True)


def test_a_prune_tells_what_waits() -> None:
    plan = PrunePlan(mark=("a",), delete=("b",), spare=("c",), doomed={"a": 2, "b": 1, "d": 2}, pinned=2)
    result = results.prune_result(plan, [], WWW.parent)
    assert (result.deleted, result.marked, result.spared) == (("b",), ("a",), ("c",))
    assert (result.waiting, result.kept_for_locks, result.trimmed) == (2, 2, ())


def test_a_rebuilt_cache_tells_what_it_was_made_from() -> None:
    rebuilt = Rebuilt(snapshots=2, packages=4, index=WWW.parent / "state/index.db")
    result = results.rebuilt_result(rebuilt)
    assert (result.snapshots, result.packages, result.index.name) == (2, 4, "index.db")
