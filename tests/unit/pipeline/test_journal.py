from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import Event, Warned
from modpkg.formats.publications import publication_text, snapshot_text
from modpkg.model.repository import Places, Publication, Replacement, Snapshot, manifest_text, snapshot_id
from modpkg.pipeline import journal
from modpkg.pipeline.journal import TAKEN_SECONDS, commit, newest_of, read_snapshots, recover
from tests.support.repos import tree_of

if TYPE_CHECKING:
    from pathlib import Path

DIGESTS = ("b" * 64, "a" * 64)


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


@pytest.fixture
def places(tmp_path: Path) -> Places:
    found = Places(tmp_path / "repository")
    (found.www / "rpm").mkdir(parents=True)
    (found.www / "by-hash").write_text("packages\n")
    return found


def snapshot(date: int, channel: str = "testing") -> Snapshot:
    return Snapshot(
        id=snapshot_id(DIGESTS, date=date),
        channel=channel,
        date=date,
        key="A" * 40,
        parent=None,
        packages=tuple(sorted(DIGESTS)),
    )


def publication(date: int) -> Publication:
    return Publication(
        snapshot=snapshot(date),
        replacements=(
            Replacement(path="Packages", kind="copy", content="by-hash"),
            Replacement(path="InRelease", kind="text", content=f"release {date}\n"),
            Replacement(path="rpm/testing.mirrorlist", kind="text", content=f"snap {date}\n"),
            Replacement(path="rpm/testing", kind="link", content=f"snap-{date}"),
        ),
    )


def test_a_commit_replaces_and_records(places: Places) -> None:
    commit(places, publication(7))
    assert (places.www / "Packages").read_text() == "packages\n"
    assert (places.www / "InRelease").read_text() == "release 7\n"
    assert str((places.www / "rpm/testing").readlink()) == "snap-7"
    assert read_snapshots(places) == (snapshot(7),)
    assert places.manifest("testing").read_text() == f"{'a' * 64}\n{'b' * 64}\n"
    assert not places.pending.exists()


def test_what_clients_ask_for_first_has_the_date_of_its_snapshot_as_time(places: Places) -> None:
    # Two publications of one second: by the clock, a client that has the first would be told nothing is newer.
    for date in (1_700_000_000, 1_700_000_001):
        commit(places, publication(date))
        times = {int((places.www / path).stat().st_mtime) for path in ("InRelease", "rpm/testing.mirrorlist")}
        assert times == {date}


@pytest.mark.parametrize("step", range(8))
def test_a_commit_that_is_killed_at_any_step_is_finished_later(
    places: Places, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    commit(places, publication(6))
    whole = Places(places.root.with_name("whole"))
    (whole.www / "rpm").mkdir(parents=True)
    (whole.www / "by-hash").write_text("packages\n")
    commit(whole, publication(6))
    commit(whole, publication(7))
    writes = 0

    def killing(write: object) -> object:
        def replaced(*words: object, **more: object) -> object:
            nonlocal writes
            if writes == step:
                raise Killed
            writes += 1
            return write(*words, **more)  # type: ignore[operator]

        return replaced

    with monkeypatch.context() as patch:
        patch.setattr(journal, "replace_atomically", killing(journal.replace_atomically))
        patch.setattr(journal, "_put", killing(journal._put))  # noqa: SLF001 (the point to be killed at)
        try:
            commit(places, publication(7))
        except Killed:
            assert step < 7
        else:
            assert step == 7
    recover(places)
    if step == 0:
        assert [each.date for each in read_snapshots(places)] == [6]
    else:
        left, right = tree_of(places.root), tree_of(whole.root)
        assert left == right


def test_recovery_says_so(places: Places) -> None:
    places.state.mkdir()
    places.pending.write_text(publication_text(publication(7)))
    events: list[Event] = []
    recover(places, sink=events.append)
    assert events == [Warned(f"finishing the interrupted publication {snapshot(7).id} of channel testing")]


def test_recovery_with_nothing_to_do_is_silent_and_drops_what_was_begun(places: Places) -> None:
    (places.incoming / "x").mkdir(parents=True)
    events: list[Event] = []
    recover(places, sink=events.append)
    assert events == []
    assert not places.incoming.exists()


def test_the_newest_snapshot_of_a_channel_is_that_of_the_latest_date(places: Places) -> None:
    for each in (snapshot(9), snapshot(7), snapshot(11, "stable"), snapshot(8)):
        places.snapshots.mkdir(parents=True, exist_ok=True)
        (places.snapshots / f"{each.id}.json").write_text(snapshot_text(each))
    found = read_snapshots(places)
    assert [each.date for each in found] == [7, 8, 9, 11]
    assert newest_of(found, "testing") == snapshot(9)
    assert newest_of(found, "other") is None


def test_a_broken_entry_of_the_journal_is_named(places: Places) -> None:
    places.snapshots.mkdir(parents=True)
    (places.snapshots / "x.json").write_text("{}")
    with pytest.raises(ModpkgError, match="cannot read this entry of the journal"):
        read_snapshots(places)


def test_a_snapshot_is_named_by_its_packages_and_date() -> None:
    assert snapshot_id(DIGESTS, date=1) == snapshot_id(DIGESTS[::-1], date=1)
    assert snapshot_id(DIGESTS, date=1) != snapshot_id(DIGESTS, date=2)
    assert snapshot_id(DIGESTS, date=1) != snapshot_id(DIGESTS[:1], date=1)
    assert manifest_text(DIGESTS) == f"{'a' * 64}\n{'b' * 64}\n"


def test_a_date_that_ran_ahead_is_waited_for_so_that_clients_take_it(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, waits = 1_700_000_000, list[float]()
    monkeypatch.setattr("modpkg.pipeline.journal.time.time", lambda: now)
    monkeypatch.setattr("modpkg.pipeline.journal.time.sleep", waits.append)
    for ahead in (-100, 0, TAKEN_SECONDS, TAKEN_SECONDS + 1, TAKEN_SECONDS + 60, TAKEN_SECONDS + 61, 86400):
        commit(places, publication(now + ahead))
    assert waits == [1, 60]
