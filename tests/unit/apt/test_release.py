from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.apt.release import Index, Release, format_time, parse_release, parse_time, render_release

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parents[2] / "golden/repository"
RELEASE = Release(
    origin="site",
    description="Modules of a site",
    channel="testing",
    architectures=("amd64", "arm64"),
    date=1_763_805_600,
    valid_until=1_763_805_600 + 14 * 86_400,
    changelogs="https://repo.example/changelogs/@CHANGEPATH@_changelog",
    snapshot="5" * 64,
    indices=(
        Index(path="main/binary-amd64/Packages", size=123_456, sha256="a" * 64),
        Index(path="main/binary-amd64/Packages.gz", size=4_321, sha256="b" * 64),
        Index(path="main/binary-arm64/Packages", size=0, sha256="c" * 64),
    ),
)


def test_release_looks_as_it_always_did(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "Release", render_release(RELEASE))


def test_what_is_written_can_be_read() -> None:
    assert parse_release(render_release(RELEASE)) == RELEASE


def test_the_order_of_indices_does_not_matter() -> None:
    assert render_release(replace(RELEASE, indices=RELEASE.indices[::-1])) == render_release(RELEASE)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "Thu, 01 Jan 1970 00:00:00 UTC"), (1_763_805_600, "Sat, 22 Nov 2025 10:00:00 UTC")],
)
def test_times_are_in_utc_and_english(seconds: int, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert format_time(seconds) == text
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "2025-11-22"])
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="date"):
        parse_time(text)


@pytest.mark.parametrize("field", ["Date", "Valid-Until", "Modpkg-Snapshot", "SHA256", "Codename"])
def test_a_release_that_lacks_a_field_is_refused(field: str) -> None:
    with pytest.raises(KeyError):
        parse_release(render_release(RELEASE).replace(f"{field}:", "Other:"))


def test_a_broken_list_of_indices_is_refused() -> None:
    with pytest.raises(ValueError, match="unpack"):
        parse_release(render_release(RELEASE).replace(" main/binary-arm64/Packages", ""))
