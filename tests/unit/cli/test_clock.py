from __future__ import annotations

import time

import pytest

from modpkg.cli.clock import clock, moment_of, now
from modpkg.errors import BadInputError


def test_a_source_date_stands_for_the_time_of_what_is_made() -> None:
    assert now({"SOURCE_DATE_EPOCH": "12"}) == 12
    assert abs(now({}) - time.time()) < 60


def test_the_clock_is_the_clock() -> None:
    assert abs(clock() - time.time()) < 60


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1970-01-02", 86_400), ("1970-01-01T01:00:00Z", 3600), ("1970-01-01T01:00:00+01:00", 0)],
)
def test_a_date_is_in_utc_unless_it_says_otherwise(text: str, seconds: int) -> None:
    assert moment_of(text) == seconds


@pytest.mark.parametrize("text", ["tomorrow", "", "22.11.2026"])
def test_another_form_of_date_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="cannot read the date"):
        moment_of(text)


@pytest.mark.parametrize("text", ["x", "-1", "1.5"])
def test_a_source_date_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="as a time"):
        now({"SOURCE_DATE_EPOCH": text})
