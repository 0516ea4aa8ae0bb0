import time
from datetime import UTC, datetime

import pytest

from modpkg.cli.clock import LATEST, clock, moment_of, now
from modpkg.errors import BadInputError


def test_the_moment_may_be_given() -> None:
    assert now({"SOURCE_DATE_EPOCH": "1750000000"}) == 1_750_000_000
    assert now({"SOURCE_DATE_EPOCH": "0"}) == 0


@pytest.mark.parametrize("environ", [{}, {"SOURCE_DATE_EPOCH": ""}])
def test_otherwise_it_is_the_clocks(environ: dict[str, str]) -> None:
    before = int(time.time())
    assert before <= now(environ) <= int(time.time())


@pytest.mark.parametrize(
    "text", ["yesterday", "-1", "1.5", "1e9", " 1", "0x10", "2024-01-01", str(LATEST + 1), "9" * 30]
)
def test_another_text_is_no_time(text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        now({"SOURCE_DATE_EPOCH": text})
    assert str(caught.value) == (
        f"SOURCE_DATE_EPOCH: cannot read {text!r} as a time\n  hint: write seconds since 1970"
    )


def test_the_latest_moment_can_be_written() -> None:
    assert datetime.fromtimestamp(now({"SOURCE_DATE_EPOCH": str(LATEST)}), UTC).year == 9999


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
