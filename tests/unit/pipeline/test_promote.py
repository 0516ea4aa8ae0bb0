from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.pipeline.change import plan_change
from modpkg.pipeline.journal import read_snapshots
from modpkg.pipeline.promote import promotion
from tests.support.repos import NOW, Workshop, modules_of, pen_workshop, tree_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    made = pen_workshop(tmp_path)
    made.publish([*made.make(), *made.make("slurm", "23.2.0-1")])
    return made


def test_the_other_channel_gets_the_same_packages_to_the_byte(workshop: Workshop) -> None:
    pool = tree_of(workshop.places.www / "pool")
    done = workshop.change(promotion("testing"), channel="stable", now=NOW + 1)
    assert done.plan.added == (
        "modpkg-module-core-bookworm 1.0.0-1 amd64",
        "modpkg-module-slurm-bookworm 23.2.0-1 amd64",
    )
    assert modules_of(workshop, "stable") == modules_of(workshop) == ["core 1.0.0-1", "slurm 23.2.0-1"]
    assert tree_of(workshop.places.www / "pool") == pool
    manifests = [workshop.places.manifest(name).read_text() for name in ("testing", "stable")]
    assert manifests[0] == manifests[1]


def test_the_other_channel_keeps_what_it_has(workshop: Workshop) -> None:
    workshop.publish(workshop.make("nfs"), channel="stable", now=NOW + 1)
    done = workshop.change(promotion("testing"), channel="stable", now=NOW + 2)
    assert modules_of(workshop, "stable") == ["core 1.0.0-1", "nfs 1.0.0-1", "slurm 23.2.0-1"]
    assert (done.plan.removed, done.plan.reason) == ((), "4 packages of testing are not in stable")


def test_a_second_promotion_has_nothing_to_do(workshop: Workshop) -> None:
    first = workshop.change(promotion("testing"), channel="stable", now=NOW + 1)
    before = tree_of(workshop.places.root)
    again = workshop.change(promotion("testing"), channel="stable", now=NOW + 2)
    assert again.snapshot == first.snapshot
    assert again.plan.reason == "all 4 packages of testing are in stable"
    assert tree_of(workshop.places.root) == before


def test_a_plan_changes_nothing(workshop: Workshop) -> None:
    before = tree_of(workshop.places.root)
    planned = plan_change(promotion("testing"), target=workshop.target("stable"), now=NOW + 1)
    assert planned.is_needed
    assert len(planned.added) == 2
    assert tree_of(workshop.places.root) == before


def test_an_empty_channel_can_be_promoted(tmp_path: Path) -> None:
    workshop = pen_workshop(tmp_path / "other")
    workshop.publish([])
    workshop.change(promotion("testing"), channel="stable", now=NOW + 1)
    assert modules_of(workshop, "stable") == []


@pytest.mark.parametrize(
    ("source", "channel", "message"),
    [
        ("testing", "testing", "cannot promote channel 'testing' to itself"),
        ("tasting", "stable", "cannot promote channel 'tasting': there is none of that name"),
        ("testing", "stably", "channel 'stably': there is none of that name"),
        ("stable", "testing", "cannot promote channel 'stable': nothing is published there"),
    ],
)
def test_what_cannot_be_promoted(workshop: Workshop, source: str, channel: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        workshop.change(promotion(source), channel=channel, now=NOW + 1)
    assert len(read_snapshots(workshop.places)) == 1
