from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Event, StepFinished, StepSkipped, StepStarted
from modpkg.host.files import remove_tree
from modpkg.pipeline.journal import newest_of, read_snapshots
from modpkg.pipeline.publish import PublishPlan, plan, publish
from tests.support.repos import NOW, Workshop, modules_of, pen_workshop, tree_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return pen_workshop(tmp_path)


def planned(
    workshop: Workshop, packages: list[Path], *, now: int = NOW, channel: str = "testing"
) -> PublishPlan:
    return plan(packages, target=workshop.target(channel), now=now)


def test_a_pair_is_published_for_apt_and_dnf(workshop: Workshop) -> None:
    done = workshop.publish(workshop.make())
    www = workshop.places.www
    assert [str(identity) for identity in done.added] == ["modpkg-module-core-bookworm 1.0.0-1 amd64"]
    assert done.present == ()
    assert done.release == www / "dists/testing/InRelease"
    assert done.mirrorlist.read_text() == f"https://repo.example/modules/rpm/snap-{done.snapshot}/\n"
    assert (www / "rpm/testing/repodata/repomd.xml").is_file()
    assert modules_of(workshop) == ["core 1.0.0-1"]
    assert done.public_key.read_text() == "public key\n"
    assert done.key == workshop.signer.key.fingerprint


def test_the_state_says_what_is_published(workshop: Workshop) -> None:
    done = workshop.publish(workshop.make())
    manifest = workshop.places.manifest("testing").read_text().splitlines()
    assert len(manifest) == 2
    assert manifest == sorted(manifest)
    (snapshot,) = read_snapshots(workshop.places)
    assert snapshot.packages == tuple(manifest)
    assert (snapshot.id, snapshot.date, snapshot.parent) == (done.snapshot, NOW, None)
    assert not workshop.places.pending.exists()


def test_the_pool_holds_each_package_under_its_digest(workshop: Workshop) -> None:
    packages = workshop.make()
    workshop.publish(packages)
    for digest in workshop.places.manifest("testing").read_text().split():
        (path,) = (workshop.places.www / "pool" / digest[:2] / digest).iterdir()
        assert path.read_bytes() in [package.read_bytes() for package in packages]
        assert path.stat().st_mode & 0o777 == 0o644


def test_who_writes_into_packages_that_he_brought_changes_no_pool(workshop: Workshop) -> None:
    packages = workshop.make()
    workshop.publish(packages)
    before = tree_of(workshop.places.www / "pool")
    for package in packages:
        with package.open("r+b") as stream:
            stream.write(b"damaged")
    assert tree_of(workshop.places.www / "pool") == before


def test_packages_of_this_build_are_linked(workshop: Workshop) -> None:
    deb, rpm = workshop.make()
    publish([deb, rpm], target=workshop.target(), signer=workshop.signer, now=NOW, inputs={})
    assert (deb.stat().st_nlink, rpm.stat().st_nlink) == (2, 1)


def test_publishing_the_same_again_changes_nothing_and_says_so(workshop: Workshop) -> None:
    packages = workshop.make()
    first = workshop.publish(packages)
    before = tree_of(workshop.places.root)
    events: list[Event] = []
    again = publish(
        packages, target=workshop.target(), signer=workshop.signer, now=NOW + 9, sink=events.append
    )
    assert again.snapshot == first.snapshot
    assert (again.added, again.present) == ((), first.added)
    assert tree_of(workshop.places.root) == before
    assert [type(event) for event in events] == [StepSkipped]
    assert first.snapshot in getattr(events[0], "reason", "")


def test_what_the_pool_lost_or_has_a_part_of_is_told(workshop: Workshop) -> None:
    packages = workshop.make()
    workshop.publish(packages)
    (pooled,) = (workshop.places.www / "pool").glob("*/*/*.deb")
    content = pooled.read_bytes()
    for damage in (lambda: pooled.write_bytes(content[:100]), pooled.unlink):
        damage()
        with pytest.raises(ModpkgError, match="the pool has lost it, or a part of it") as caught:
            workshop.publish(packages, now=NOW + 1)
        assert caught.value.where == str(pooled)


def test_a_publication_says_what_it_does_and_why(workshop: Workshop) -> None:
    events: list[Event] = []
    publish(workshop.make(), target=workshop.target(), signer=workshop.signer, now=NOW, sink=events.append)
    assert [type(event) for event in events] == [StepStarted, StepFinished]
    assert getattr(events[0], "reason", "") == "1 of 1 packages are not in channel testing"


def test_versions_stay_side_by_side(workshop: Workshop) -> None:
    workshop.publish(workshop.make(version="1.0.0-1"))
    second = workshop.publish(workshop.make(version="1.0.0-2"), now=NOW + 1)
    workshop.publish(workshop.make("slurm", "23.2.0-1"), now=NOW + 2)
    assert modules_of(workshop) == ["core 1.0.0-1", "core 1.0.0-2", "slurm 23.2.0-1"]
    newest = newest_of(read_snapshots(workshop.places), "testing")
    assert newest is not None
    assert newest.parent == second.snapshot


def test_nothing_immutable_is_ever_changed(workshop: Workshop) -> None:
    workshop.publish(workshop.make(version="1.0.0-1"))
    before = tree_of(workshop.places.www)
    workshop.publish(workshop.make(version="1.0.0-2"), now=NOW + 1)
    after = tree_of(workshop.places.www)
    changed = {name for name in before if after.get(name) != before[name]}
    assert changed == {
        "dists/testing/InRelease",
        "dists/testing/main/binary-amd64/Packages",
        "dists/testing/main/binary-amd64/Packages.gz",
        "rpm/testing",
        "rpm/testing.mirrorlist",
    }


def test_channels_share_packages_and_nothing_else(workshop: Workshop) -> None:
    core, slurm = workshop.make(), workshop.make("slurm", "23.2.0-1")
    workshop.publish([*core, *slurm])
    pool = tree_of(workshop.places.www / "pool")
    done = workshop.publish(core, channel="stable", now=NOW + 1)
    assert [str(identity) for identity in done.added] == ["modpkg-module-core-bookworm 1.0.0-1 amd64"]
    assert tree_of(workshop.places.www / "pool") == pool
    assert modules_of(workshop, "stable") == ["core 1.0.0-1"]
    assert modules_of(workshop, "testing") == ["core 1.0.0-1", "slurm 23.2.0-1"]


def test_equal_publications_have_equal_bytes(tmp_path: Path) -> None:
    trees = []
    for name, order in (("1", 1), ("2", -1)):
        workshop = pen_workshop(tmp_path / name)
        packages = [*workshop.make(), *workshop.make("slurm", "23.2.0-1"), *workshop.make(version="1.0.1-2")]
        workshop.publish(packages[::order])
        trees.append(tree_of(workshop.places.root))
    assert trees[0] == trees[1]


def test_a_plan_writes_nothing(workshop: Workshop) -> None:
    packages = workshop.make()
    found = planned(workshop, packages)
    assert [str(pair.identity) for pair in found.add] == ["modpkg-module-core-bookworm 1.0.0-1 amd64"]
    assert found.is_needed
    assert not workshop.places.root.exists()


def test_a_plan_tells_new_from_present_and_from_other_channels(workshop: Workshop) -> None:
    core, slurm, nfs = (workshop.make(name) for name in ("core", "slurm", "nfs"))
    workshop.publish(core)
    workshop.publish(slurm, channel="stable", now=NOW + 1)
    found = planned(workshop, [*core, *slurm, *nfs], now=NOW + 2)
    assert [pair.identity.name for pair in found.add] == ["modpkg-module-nfs-bookworm"]
    assert [pair.identity.name for pair in found.reuse] == ["modpkg-module-slurm-bookworm"]
    assert [identity.name for identity in found.present] == ["modpkg-module-core-bookworm"]
    assert [identity.name for identity in found.added] == [
        "modpkg-module-nfs-bookworm",
        "modpkg-module-slurm-bookworm",
    ]
    assert found.reason == "2 of 3 packages are not in channel testing"


def test_an_empty_channel_can_be_published_once(workshop: Workshop) -> None:
    done = workshop.publish([])
    assert modules_of(workshop) == []
    assert workshop.publish([], now=NOW + 1).snapshot == done.snapshot


def test_dates_rise_even_when_the_clock_stands(workshop: Workshop) -> None:
    dates = [workshop.publish(workshop.make(version=f"1.0.0-{number}")).date for number in (1, 2, 3)]
    assert dates == [NOW, NOW + 1, NOW + 2]


def test_a_clock_that_went_back_is_refused(workshop: Workshop) -> None:
    workshop.publish(workshop.make())
    with pytest.raises(ModpkgError, match=r"cannot publish at .*: the newest snapshot is of "):
        planned(workshop, workshop.make(version="1.0.0-2"), now=NOW - 86_400)


def test_an_unknown_channel_is_refused_before_anything_is_written(workshop: Workshop) -> None:
    with pytest.raises(BadInputError, match="channel 'unstable'") as caught:
        workshop.publish(workshop.make(), channel="unstable")
    assert caught.value.hint == "test has testing, stable"
    assert not workshop.places.root.exists()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"marks": ("fast",)}, "it is marked fast"),
        ({"marks": ("unreleased",)}, "it is marked unreleased"),
        ({"content": "other"}, "it is published with other content"),
        ({"summary": "other"}, "it is published with other content"),
        ({"version": "0.9.0-2"}, "its revision is not in the order of versions beside 1.0.0-1"),
        ({"version": "1.1.0-1"}, "its revision is not in the order of versions beside 1.0.0-1"),
    ],
)
def test_what_must_not_be_published(workshop: Workshop, fields: dict[str, Any], message: str) -> None:
    workshop.publish(workshop.make())
    before = tree_of(workshop.places.root)
    with pytest.raises(BadInputError, match=message):
        workshop.publish(workshop.make(**fields), now=NOW + 1)
    assert tree_of(workshop.places.root) == before


def test_a_version_of_another_channel_counts_as_published(workshop: Workshop) -> None:
    workshop.publish(workshop.make(), channel="stable")
    with pytest.raises(BadInputError, match="other content"):
        workshop.publish(workshop.make(content="other"), now=NOW + 1)


def test_one_bad_package_keeps_all_others_out(workshop: Workshop) -> None:
    with pytest.raises(BadInputError, match="marked fast"):
        workshop.publish([*workshop.make("slurm"), *workshop.make(marks=("fast",))])
    assert not workshop.places.www.exists()


def test_a_lost_package_of_the_pool_is_named(workshop: Workshop) -> None:
    workshop.publish(workshop.make())
    digest = workshop.places.manifest("testing").read_text().split()[0]
    shutil.rmtree(workshop.places.www / "pool" / digest[:2] / digest)
    with pytest.raises(ModpkgError, match=f"cannot find the one package {digest}"):
        workshop.publish(workshop.make(version="1.0.0-2"), now=NOW + 1)


def test_a_channel_whose_journal_is_gone_is_not_begun_anew(workshop: Workshop) -> None:
    workshop.publish(workshop.make())
    remove_tree(workshop.places.state)
    with pytest.raises(ModpkgError, match="it is published, but the journal knows nothing of it"):
        workshop.publish(workshop.make("slurm"), now=NOW + 1)
    assert modules_of(workshop) == ["core 1.0.0-1"]
