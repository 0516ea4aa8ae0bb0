from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from modpkg.model.document import (
    AbsolutePath,
    Account,
    Document,
    Line,
    Name,
    PackageName,
    Person,
    Record,
    Upstream,
    Url,
    Version,
    Word,
    dashed,
)


class Sample(Document):
    two_words: int = 0


class Kept(Record):
    size: int


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Name, ["a", "slurm-23", "x86-64"], ["", "A", "a_b", "-a", "a-", "a--b", "1a", "a\n", "a/b"]),
        (PackageName, ["libc6", "g++", "python3.11", "0ad"], ["a", "A1", "a b", "-a1", "a1:amd64", "a1=2"]),
        (Upstream, ["0.0.0", "12.0.3"], ["1.2", "1.2.3.4", "01.2.3", "1.2.3-1", "1.2.3\n", "1234567890.0.0"]),
        (Version, ["0.0.1-1", "12.0.3-41"], ["1.2.3", "1.2.3-0", "1.2.3-01", "1.2.3-1.2"]),
        (Line, ["a", "a b", "ä: 'b'"], ["", " ", " a", "a ", "a\nb", "a\tb", "a\x1bb", "\x7f"]),
        (Word, ["a", "bookworm-updates"], ["", "a b", "a\n", "\t"]),
        (
            AbsolutePath,
            ["/", "/a", "/a/b c"],
            ["", "a", "/a/", "//", "/a//b", "/a/../b", "/..", "/a/.", "/a\nb"],
        ),
        (
            Url,
            ["https://example.org", "http://[::1]/a"],
            ["", "example.org", "https://", "https://a b", "file:///a"],
        ),
        (
            Person,
            ["A <a@b>", "Ann E. X <ann@example.org>"],
            ["", "A", "<a@b>", " A <a@b>", "A <a>", "A <a@b@c>", "A<a@b>", "A\nB <a@b>", "A <a@b> "],
        ),
        (
            Account,
            ["root", "_chrony", "Debian-exim", "systemd-network"],
            ["", "1a", "a:b", "a b", "-a", "a\n"],
        ),
    ],
)
def test_forms_of_text(kind: Any, good: list[str], bad: list[str]) -> None:
    adapter = TypeAdapter(kind)
    for text in good:
        assert adapter.validate_python(text) == text
    for text in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(text)


def test_keys_have_dashes() -> None:
    assert dashed("waits_for_site") == "waits-for-site"
    assert Sample.model_validate({"two-words": 1}).two_words == 1


@pytest.mark.parametrize("value", [{"two-words": "1"}, {"two-words": True}, {"other": 1}])
def test_documents_are_strict(value: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate(value)


@pytest.mark.parametrize(("value", "field"), [(Sample(), "two_words"), (Kept(size=1), "size")])
def test_values_are_frozen(value: Sample | Kept, field: str) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(value, field, 2)


def test_records_refuse_unknown_fields() -> None:
    with pytest.raises(ValidationError):
        Kept.model_validate({"size": 1, "colour": "blue"})
