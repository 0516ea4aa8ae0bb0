from dataclasses import replace
from pathlib import Path

from modpkg.apt.index import PublishedChannel
from modpkg.apt.stanza import Entry
from modpkg.cli.results import repositories as results
from modpkg.model.fault import Fault
from modpkg.model.version import ModuleVersion
from modpkg.openpgp.keys import Key
from modpkg.pipeline.identity import Identity
from modpkg.pipeline.pairs import Pair, PooledPair
from modpkg.pipeline.pool import Pooled
from modpkg.pipeline.publish import Published, PublishPlan
from modpkg.pipeline.upload import Uploaded
from modpkg.pipeline.verify_repository import ChannelState, Verification
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
        payload=0,
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


def test_a_verification_tells_its_faults_and_ends_with_them() -> None:
    state = ChannelState(
        channel="testing", snapshot=DIGEST, date=0, valid_until=86_400, key="F" * 40, debs=2, rpms=1
    )
    good = Verification(address="https://repo.example", channels=(state,), absent=("stable",), faults=())
    result = results.verification_result(good)
    assert (result.result, result.exit_code, result.absent) == ("good", 0, ("stable",))
    (channel,) = result.channels
    assert (channel.date, channel.valid_until) == ("1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z")
    fault = Fault(file="key.asc", reason="it is missing")
    bad = results.verification_result(replace(good, faults=(fault,)))
    assert (bad.result, bad.exit_code, bad.faults[0].file) == ("1 fault", 1, "key.asc")


def test_a_key_tells_when_it_ends() -> None:
    key = Key(fingerprint="F" * 40, owner="a", created=0, expires=86_400)
    result = results.key_result(key, Path("/gnupg"))
    assert (result.key, result.created, result.expires) == (
        "F" * 40,
        "1970-01-01T00:00:00Z",
        "1970-01-02T00:00:00Z",
    )
    assert results.key_result(replace(key, expires=None), Path("/gnupg")).expires is None


def test_an_upload_counts_what_it_sent() -> None:
    uploaded = Uploaded(address="s3://x", sent=("key.asc", "InRelease"), kept=3, bytes=12)
    result = results.upload_result(uploaded)
    assert (result.address, result.sent, result.kept, result.bytes) == ("s3://x", 2, 3, 12)
