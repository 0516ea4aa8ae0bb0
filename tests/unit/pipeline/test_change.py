from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import Event, StepFinished, StepSkipped, StepStarted, Warned
from modpkg.formats.publications import publication_text
from modpkg.model.repository import Publication
from modpkg.pipeline import switch
from modpkg.pipeline.change import carry_out
from modpkg.pipeline.journal import read_snapshots
from modpkg.pipeline.promote import promotion
from modpkg.pipeline.refresh import refreshed
from tests.support.repos import NOW, Workshop, modules_of, pen_workshop, tree_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    made = pen_workshop(tmp_path)
    made.publish(made.make())
    return made


def events_of(workshop: Workshop, channel: str, *, now: int) -> list[type[Event]]:
    events: list[Event] = []
    planner = promotion("testing")
    target = workshop.target(channel)
    carry_out(planner, target=target, signer=workshop.signer, now=now, sink=events.append)
    return [type(event) for event in events]


def test_a_change_says_what_it_does_and_when_it_had_nothing_to_do(workshop: Workshop) -> None:
    assert events_of(workshop, "stable", now=NOW + 1) == [StepStarted, StepFinished]
    assert events_of(workshop, "stable", now=NOW + 2) == [StepSkipped]


def test_dates_rise_over_all_channels(workshop: Workshop) -> None:
    workshop.change(promotion("testing"), channel="stable", now=NOW)
    workshop.change(refreshed, now=NOW)
    assert [each.date - NOW for each in read_snapshots(workshop.places)] == [0, 1, 2]


def test_a_clock_that_went_back_is_refused(workshop: Workshop) -> None:
    with pytest.raises(ModpkgError, match="the newest snapshot is of"):
        workshop.change(refreshed, now=NOW - 86_400)


def test_equal_changes_have_equal_bytes(tmp_path: Path) -> None:
    trees = []
    for name in ("1", "2"):
        workshop = pen_workshop(tmp_path / name)
        workshop.publish([*workshop.make(), *workshop.make("slurm")])
        workshop.change(promotion("testing"), channel="stable", now=NOW + 1)
        trees.append(tree_of(workshop.places.root))
    assert trees[0] == trees[1]


def test_a_change_that_was_cut_short_is_finished_by_the_next_one(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(switch, "commit", die)
        with pytest.raises(KeyboardInterrupt):
            workshop.change(promotion("testing"), channel="stable", now=NOW + 1)
    assert [each.channel for each in read_snapshots(workshop.places)] == ["testing"]
    workshop.places.incoming.mkdir(exist_ok=True)
    workshop.change(promotion("testing"), channel="stable", now=NOW + 1)
    assert modules_of(workshop, "stable") == ["core 1.0.0-1"]


def test_what_was_decided_before_is_finished_first(workshop: Workshop) -> None:
    done = workshop.change(promotion("testing"), channel="stable", now=NOW + 1)
    publication = Publication(snapshot=done.snapshot, replacements=())
    (workshop.places.snapshots / f"{done.snapshot.id}.json").unlink()
    workshop.places.pending.write_text(publication_text(publication))
    events: list[Event] = []
    target = workshop.target("stable")
    carry_out(refreshed, target=target, signer=workshop.signer, now=NOW + 2, sink=events.append)
    assert [type(event) for event in events] == [Warned, StepStarted, StepFinished]
    assert [each.id for each in read_snapshots(workshop.places)][1] == done.snapshot.id


def test_a_channel_whose_journal_is_gone_is_not_begun_anew(workshop: Workshop) -> None:
    workshop.publish(workshop.make("slurm"), channel="stable", now=NOW + 1)
    for path in workshop.places.snapshots.glob("*.json"):
        if '"stable"' in path.read_text():
            path.unlink()
    with pytest.raises(ModpkgError, match="it is published, but the journal knows nothing of it"):
        workshop.change(promotion("testing"), channel="stable", now=NOW + 2)
    assert modules_of(workshop, "stable") == ["slurm 1.0.0-1"]
