from dataclasses import replace
from pathlib import Path

from modpkg.apt.index import PublishedChannel
from modpkg.apt.stanza import Entry
from modpkg.cli.results import repositories as results
from modpkg.model.repository import Doomed, Snapshot
from modpkg.model.version import ModuleVersion
from modpkg.pipeline.change import Changed, ChangePlan
from modpkg.pipeline.list_snapshots import SnapshotState
from modpkg.pipeline.pairs import Identity, Pair, PooledPair
from modpkg.pipeline.pool import Pooled
from modpkg.pipeline.prune import PrunePlan
from modpkg.pipeline.publish import Published, PublishPlan
from modpkg.pipeline.rebuild_index import Rebuilt
from modpkg.yum.read import RpmFacts

DIGEST = "ab" * 32
CORE = Identity("modpkg-module-core-bookworm", ModuleVersion.parse("12.0.3-41"), "amd64")
NFS = Identity("modpkg-module-nfs-bookworm", ModuleVersion.parse("1.0.0-2"), "amd64")
WWW = Path("/build/repository/www")


def test_a_publication_tells_what_is_new_and_what_was_there() -> None:
    published = Published(
        snapshot=DIGEST,
        channel="testing",
        date=1_700_000_000,
        added=(CORE,),
        present=(NFS,),
        www=WWW,
        release=WWW / "dists/testing/InRelease",
        mirrorlist=WWW / "rpm/testing.mirrorlist",
        public_key=WWW / "key.asc",
        key="F" * 40,
    )
    result = results.publication_result(published, WWW.parent)
    assert result.added == ("modpkg-module-core-bookworm 12.0.3-41 amd64",)
    assert result.present == ("modpkg-module-nfs-bookworm 1.0.0-2 amd64",)
    assert (result.snapshot, result.repository) == (DIGEST, WWW.parent)


def test_a_plan_counts_what_comes_from_another_channel_as_added() -> None:
    facts = RpmFacts(
        name=NFS.name,
        version="1.0.0",
        release="2",
        architecture="x86_64",
        build_time=0,
        header_sha256=DIGEST,
        fragment=DIGEST,
    )
    pair = Pair(identity=NFS, deb=Path("n.deb"), control={}, rpm=Path("n.rpm"), rpm_facts=facts)
    pooled = Pooled(path=f"pool/ab/{CORE.deb_name}", sha256=DIGEST)
    reused = PooledPair(deb=pooled, rpm=pooled)
    plan = PublishPlan(
        channel="stable", add=(pair,), reuse=(reused,), present=(), newest=None, date=1_700_000_000
    )
    result = results.planned_publication(plan, WWW.parent)
    assert result.added == (str(CORE), str(NFS))
    assert result.snapshot is None


def test_a_channel_tells_its_modules_and_how_long_it_is_valid() -> None:
    control = {"Package": CORE.name, "Version": str(CORE.version), "Architecture": "amd64"}
    entry = Entry(control=control, path="pool/x.deb", size=1, sha256=DIGEST)
    shown = PublishedChannel(
        snapshot=DIGEST, key="F" * 40, date=1_700_000_000, valid_until=1_701_209_600, entries=(entry,)
    )
    result = results.channel_result("testing", shown)
    assert result.modules == ("modpkg-module-core-bookworm 12.0.3-41",)
    assert (result.date, result.valid_until) == ("2023-11-14T22:13:20Z", "2023-11-28T22:13:20Z")


def test_a_change_done_and_planned_differ_in_snapshot_and_key_alone() -> None:
    snapshot = Snapshot(
        id=DIGEST, channel="stable", date=1_700_000_000, key="F" * 40, parent=None, packages=(DIGEST,)
    )
    plan = ChangePlan(
        verb="promote",
        channel="stable",
        packages=frozenset({DIGEST}),
        added=(str(CORE),),
        removed=(str(NFS),),
        newest=None,
        date=snapshot.date,
        reason="1 package",
        is_needed=True,
    )
    done = results.change_result(Changed(plan=plan, snapshot=snapshot), WWW.parent)
    assert (done.added, done.removed, done.packages) == ((str(CORE),), (str(NFS),), 1)
    assert (done.snapshot, done.key) == (DIGEST, "F" * 40)
    assert replace(done, snapshot=None, key=None) == results.planned_change(plan, WWW.parent)


def test_a_snapshot_tells_whether_it_is_current() -> None:
    snapshot = Snapshot(
        id=DIGEST, channel="stable", date=1_700_000_000, key="F" * 40, parent=None, packages=(DIGEST,)
    )
    result = results.snapshot_result(SnapshotState(snapshot=snapshot, is_current=True))
    assert (result.date, result.packages, result.current) == ("2023-11-14T22:13:20Z", 1, True)


def test_a_prune_tells_what_waits() -> None:
    plan = PrunePlan(
        mark=("a",), delete=("b",), spare=("c",), doomed=Doomed(since={"a": 2, "b": 1, "d": 2}), pinned=2
    )
    result = results.prune_result(plan, [], WWW.parent)
    assert (result.deleted, result.marked, result.spared) == (("b",), ("a",), ("c",))
    assert (result.waiting, result.kept_for_locks, result.trimmed) == (2, 2, ())


def test_a_rebuilt_cache_tells_what_it_was_made_from() -> None:
    rebuilt = Rebuilt(snapshots=2, packages=4, index=WWW.parent / "state/index.db")
    result = results.rebuilt_result(rebuilt)
    assert (result.snapshots, result.packages, result.index.name) == (2, 4, "index.db")
