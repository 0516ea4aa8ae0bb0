from __future__ import annotations

import pytest

from modpkg.model.below import below, resolved

SNAPSHOT = "rpm/snap-1"


@pytest.mark.parametrize("text", ["a", "pool/ab/x_1.0-1_amd64.deb", "a+b~c/d,e", "..a/b..", "a/...b"])
def test_plain_paths_are_taken(text: str) -> None:
    assert below(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../x",
        "a/..",
        "./a",
        "a//b",
        "a/",
        "https://evil.example/x",
        "file:x",
        "C:x",
    ],
)
def test_paths_that_lead_out_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"leads out of the repository|not a plain path"):
        below(text)


@pytest.mark.parametrize("text", ["a b", "a\nb", "a\0b", "%2e%2e/x", "a?b", "a#b", "a\\b", "x" * 1025])
def test_what_programs_could_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a plain path"):
        below(text)


def test_a_reference_is_seen_from_its_directory() -> None:
    assert resolved(SNAPSHOT, "../../pool/ab/x.rpm") == "pool/ab/x.rpm"
    assert resolved(SNAPSHOT, "repodata/primary.xml.gz") == "rpm/snap-1/repodata/primary.xml.gz"


@pytest.mark.parametrize(
    "href", ["../../../x", "../..", "/pool/x", "https://evil.example/x", "../../pool/%2e%2e/x", "a b"]
)
def test_a_reference_that_leads_out_is_refused(href: str) -> None:
    with pytest.raises(ValueError, match=r"leads out of the repository|not a plain path"):
        resolved(SNAPSHOT, href)
