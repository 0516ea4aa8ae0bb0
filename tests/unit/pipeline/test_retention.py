from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.model.repository import Snapshot, snapshot_id
from modpkg.pipeline.index import borrowed_index
from modpkg.pipeline.retention import kept_snapshots, surplus
from tests.support.repos import Workshop, package_of, pen_workshop

if TYPE_CHECKING:
    from pathlib import Path


def snapshots(*states: str, channel: str = "testing") -> list[Snapshot]:
    """Give a snapshot for each state; equal letters are equal packages."""
    return [
        Snapshot(
            id=snapshot_id([letter * 64], date=date),
            channel=channel,
            date=date,
            key="A" * 40,
            parent=None,
            packages=(letter * 64,),
        )
        for date, letter in enumerate(states)
    ]


def dates(kept: tuple[Snapshot, ...]) -> list[int]:
    return [snapshot.date for snapshot in kept]


def test_the_newest_states_are_kept() -> None:
    assert dates(kept_snapshots(snapshots(*"abcdef"), keep=3)) == [3, 4, 5]


def test_what_only_signs_again_does_not_push_others_out() -> None:
    # Of equal states the newest stays, and the one before it, which clients may still be reading.
    assert dates(kept_snapshots(snapshots(*"abbcccccc"), keep=3)) == [0, 2, 7, 8]


def test_each_channel_has_its_own() -> None:
    mixed = [*snapshots(*"abc"), *snapshots(*"de", channel="stable")]
    assert len(kept_snapshots(mixed, keep=2)) == 4
    assert kept_snapshots([], keep=2) == ()


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    made = pen_workshop(tmp_path)
    packages = [path for n in range(1, 13) for path in made.make(version=f"1.0.{n}-{n}")]
    packages += made.make("slurm", "23.2.0-1", depends={"core": "1.0.2-2"})
    packages += made.make("slurm", "23.2.1-2", depends={"core": "1.0.4-4"})
    made.publish(packages)
    return made


def left_of(workshop: Workshop, *, keep: int, pinned: str = "") -> list[str]:
    with borrowed_index(workshop.places) as index:
        packages = index.listed(workshop.places.manifest("testing").read_text().split())
        pins = {each.sha256 for each in packages if each.is_deb and pinned and pinned in each.file_name}
        gone = surplus(index, packages, keep=keep, pinned=pins)
        left = [package for package in packages if package.sha256 not in gone]
    assert {each.identity for each in left if each.is_deb} == {
        each.identity for each in left if not each.is_deb
    }
    names = (each.label.removesuffix(" amd64") for each in left if each.is_deb)
    return [name.replace(package_of("core"), "core").replace(package_of("slurm"), "slurm") for name in names]


def test_the_newest_versions_stay_and_what_they_were_built_on(workshop: Workshop) -> None:
    assert left_of(workshop, keep=1) == ["core 1.0.4-4", "core 1.0.12-12", "slurm 23.2.1-2"]


def test_what_is_pinned_stays_and_what_it_was_built_on(workshop: Workshop) -> None:
    assert left_of(workshop, keep=1, pinned="slurm-bookworm_23.2.0-1") == [
        "core 1.0.2-2",
        "core 1.0.4-4",
        "core 1.0.12-12",
        "slurm 23.2.0-1",
        "slurm 23.2.1-2",
    ]


def test_enough_versions_are_no_surplus(workshop: Workshop) -> None:
    assert len(left_of(workshop, keep=12)) == 14
