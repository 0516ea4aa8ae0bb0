from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.apt.release import parse_release
from modpkg.errors import BadInputError
from modpkg.pipeline.journal import read_snapshots
from modpkg.pipeline.refresh import channels_to_refresh, refreshed
from tests.support.repos import NOW, Workshop, make_document, modules_of, pen_workshop

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    made = pen_workshop(tmp_path)
    made.publish(made.make())
    return made


def test_a_channel_is_valid_for_longer_and_holds_the_same(workshop: Workshop) -> None:
    done = workshop.change(refreshed, now=NOW + 10 * DAY)
    text = (workshop.places.www / "dists/testing/InRelease").read_text().partition("\n\n")[2]
    release = parse_release(text)
    assert (release.date, release.valid_until) == (NOW + 10 * DAY, NOW + 24 * DAY)
    assert release.snapshot == done.snapshot.id
    assert modules_of(workshop) == ["core 1.0.0-1"]
    assert (done.plan.added, done.plan.removed) == ((), ())


@pytest.mark.parametrize(("later", "words"), [(DAY, "is valid until"), (15 * DAY, "expired on")])
def test_the_reason_says_how_long_it_was_valid(workshop: Workshop, later: int, words: str) -> None:
    reason = workshop.change(refreshed, now=NOW + later).plan.reason
    assert reason.startswith(f"channel testing {words} ")


def test_no_index_is_written_again(workshop: Workshop) -> None:
    def indices() -> dict[str, int]:
        return {
            str(path): path.stat().st_ino
            for path in (workshop.places.www / "dists").rglob("by-hash/SHA256/*")
        }

    before = indices()
    workshop.change(refreshed, now=NOW + DAY)
    assert indices() == before


def test_a_channel_without_snapshot_cannot_be_refreshed(workshop: Workshop) -> None:
    with pytest.raises(BadInputError, match="cannot refresh channel 'stable': nothing is published there"):
        workshop.change(refreshed, channel="stable", now=NOW + 1)


def test_all_channels_that_are_published_are_meant_by_default(workshop: Workshop) -> None:
    snapshots = read_snapshots(workshop.places)
    assert channels_to_refresh(workshop.document, snapshots, None) == ("testing",)
    assert channels_to_refresh(workshop.document, snapshots, "stable") == ("stable",)


def test_a_repository_without_snapshots_is_told() -> None:
    with pytest.raises(BadInputError, match="nothing is published"):
        channels_to_refresh(make_document(None), [], None)
