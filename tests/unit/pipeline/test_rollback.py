from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.pipeline.journal import read_snapshots
from modpkg.pipeline.rollback import rollback_to
from tests.support.repos import NOW, Workshop, modules_of, pen_workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    made = pen_workshop(tmp_path)
    made.publish(made.make(version="1.0.0-1"))
    made.publish(made.make(version="1.0.0-2"), now=NOW + 1)
    return made


def test_the_channel_holds_what_it_held_under_a_new_date(workshop: Workshop) -> None:
    first, second = read_snapshots(workshop.places)
    done = workshop.change(rollback_to(first.id), now=NOW + 2)
    assert modules_of(workshop) == ["core 1.0.0-1"]
    assert done.plan.removed == ("modpkg-module-core-bookworm 1.0.0-2 amd64",)
    assert done.snapshot.packages == first.packages
    assert (done.snapshot.date, done.snapshot.parent) == (NOW + 2, second.id)
    assert done.snapshot.id not in (first.id, second.id)


def test_what_it_goes_back_from_stays_in_the_pool_and_can_come_back(workshop: Workshop) -> None:
    first, second = read_snapshots(workshop.places)
    workshop.change(rollback_to(first.id), now=NOW + 2)
    workshop.change(rollback_to(second.id[:8]), now=NOW + 3)
    assert modules_of(workshop) == ["core 1.0.0-1", "core 1.0.0-2"]


def test_the_state_it_is_in_needs_no_work(workshop: Workshop) -> None:
    _, second = read_snapshots(workshop.places)
    done = workshop.change(rollback_to(second.id), now=NOW + 2)
    assert done.snapshot == second
    assert "already holds" in done.plan.reason


def test_only_snapshots_of_the_channel_count(workshop: Workshop) -> None:
    workshop.publish([], channel="stable", now=NOW + 2)
    stable = read_snapshots(workshop.places)[-1]
    with pytest.raises(BadInputError, match="of channel testing: there is none") as caught:
        workshop.change(rollback_to(stable.id), now=NOW + 3)
    assert "all: invoke snapshots --channel testing" in str(caught.value.hint)


def test_letters_that_several_begin_with_are_refused(workshop: Workshop) -> None:
    for number in range(3, 20):
        workshop.publish(workshop.make(version=f"1.0.0-{number}"), now=NOW + number)
    ids = [snapshot.id for snapshot in read_snapshots(workshop.places)]
    letter = max("0123456789abcdef", key=lambda each: sum(name.startswith(each) for name in ids))
    with pytest.raises(BadInputError, match="begin like that"):
        workshop.change(rollback_to(letter), now=NOW + 30)


def test_a_snapshot_whose_packages_are_gone_is_refused(workshop: Workshop) -> None:
    first, _ = read_snapshots(workshop.places)
    digest = first.packages[0]
    shutil.rmtree(workshop.places.www / "pool" / digest[:2] / digest)
    with pytest.raises(BadInputError, match="1 of its 2 packages were removed from the pool"):
        workshop.change(rollback_to(first.id), now=NOW + 2)
