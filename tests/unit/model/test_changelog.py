from __future__ import annotations

import pytest
from pydantic import ValidationError

from modpkg.model.changelog import Changelog, Entry

ENTRY = Entry(
    version="1.0.0-1", date="2024-05-31T12:30:00Z", author="A <a@example.org>", changes=("First release",)
)


def test_the_date_is_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    # date -u -d 2024-05-31T12:30:00Z +%s
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    assert ENTRY.seconds == 1717158600


@pytest.mark.parametrize(
    "date",
    [
        "2024-02-30T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-01-01T24:00:01Z",
        "2024-01-01T00:00:60Z",
        "2024-01-01",
        "1969-12-31T23:59:59Z",
        "2106-01-01T00:00:00Z",
    ],
)
def test_dates_are_of_the_calendar(date: str) -> None:
    with pytest.raises(ValidationError):
        Entry(version="1.0.0-1", date=date, author="A <a@example.org>", changes=("x",))


def test_the_newest_entry_is_the_first_and_the_revision_their_number() -> None:
    older = ENTRY
    newer = ENTRY.model_copy(update={"version": "1.0.0-2"})
    changelog = Changelog(entries=(newer, older))
    assert (changelog.newest, changelog.revision) == (newer, 2)


@pytest.mark.parametrize("change", ["", " x", "\n", "x\x1b[31m", "x\ty"])
def test_a_change_is_text(change: str) -> None:
    with pytest.raises(ValidationError):
        Entry(version="1.0.0-1", date=ENTRY.date, author=ENTRY.author, changes=(change,))


def test_a_change_may_have_several_lines() -> None:
    entry = Entry(version="1.0.0-1", date=ENTRY.date, author=ENTRY.author, changes=("x\n  y",))
    assert entry.changes == ("x\n  y",)
