from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.pipeline.list_snapshots import list_snapshots
from modpkg.pipeline.refresh import refreshed
from tests.support.repos import NOW, Workshop, pen_workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    made = pen_workshop(tmp_path)
    made.publish(made.make())
    made.publish([], channel="stable", now=NOW + 1)
    made.change(refreshed, now=NOW + 2)
    return made


def test_snapshots_stand_newest_first_and_the_current_ones_are_marked(workshop: Workshop) -> None:
    found = list_snapshots(workshop.places.root, workshop.document)
    assert [(each.snapshot.channel, each.snapshot.date - NOW, each.is_current) for each in found] == [
        ("testing", 2, True),
        ("stable", 1, True),
        ("testing", 0, False),
    ]


def test_one_channel_can_be_asked_for(workshop: Workshop) -> None:
    found = list_snapshots(workshop.places.root, workshop.document, channel="stable")
    assert [each.snapshot.channel for each in found] == ["stable"]


def test_an_unknown_channel_is_refused(workshop: Workshop) -> None:
    with pytest.raises(BadInputError, match="channel 'stably': there is none") as caught:
        list_snapshots(workshop.places.root, workshop.document, channel="stably")
    assert caught.value.hint == "test has testing, stable"


def test_nothing_published_is_an_empty_list(tmp_path: Path, workshop: Workshop) -> None:
    assert list_snapshots(tmp_path / "none", workshop.document) == ()
