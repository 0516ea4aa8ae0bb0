from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.events import Event, StepFinished, StepStarted
from modpkg.pipeline.index import opened_index
from modpkg.pipeline.rebuild_index import count_index, rebuild_index
from tests.support.repos import NOW, Workshop, package_of, pen_workshop, tree_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    made = pen_workshop(tmp_path)
    made.publish(made.make(version="1.0.0-1"))
    made.publish(made.make(version="1.0.0-2"), now=NOW + 1)
    return made


@pytest.mark.parametrize("garbage", [None, b"", b"garbage" * 999])
def test_the_cache_is_made_again_and_nothing_else_changes(workshop: Workshop, garbage: bytes | None) -> None:
    before = tree_of(workshop.places.root)
    workshop.places.index.unlink()
    if garbage is not None:
        workshop.places.index.write_bytes(garbage)
    events: list[Event] = []
    done = rebuild_index(workshop.places.root, sink=events.append)
    assert (done.snapshots, done.packages) == (2, 4)
    assert tree_of(workshop.places.root) == before
    assert [type(event) for event in events] == [StepStarted, StepFinished]
    with opened_index(workshop.places) as index:
        assert len(index.published(package_of("core"))) == 4


def test_it_can_be_counted_before(workshop: Workshop) -> None:
    workshop.places.index.unlink()
    counted = count_index(workshop.places.root)
    assert (counted.snapshots, counted.packages) == (2, 4)
    assert not workshop.places.index.exists()


def test_a_repository_without_snapshots_has_an_empty_cache(tmp_path: Path) -> None:
    assert count_index(tmp_path / "none").packages == 0
    assert rebuild_index(tmp_path / "none").packages == 0
