from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from modpkg.formats.publications import (
    AFTER_HEAD,
    parse_head,
    parse_publication,
    parse_snapshot,
    publication_text,
    snapshot_text,
)
from modpkg.model.repository import Head, Publication, Replacement, Snapshot

HEAD = {"id": "1" * 64, "channel": "testing", "date": 7, "key": "A" * 40, "parent": None}
FIELDS: dict[str, Any] = {**HEAD, "packages": ["a" * 64, "b" * 64], "indices": ["dists/testing/x"]}
SNAPSHOT = Snapshot(
    id="1" * 64,
    channel="testing",
    date=7,
    key="A" * 40,
    parent=None,
    packages=("a" * 64, "b" * 64),
    indices=("dists/testing/x",),
)
PUBLICATION = Publication(
    snapshot=SNAPSHOT,
    replacements=(
        Replacement(path="dists/testing/InRelease", kind="text", content="Origin: ü\n"),
        Replacement(path="rpm/testing", kind="link", content="snap-1"),
    ),
)


def test_a_snapshot_is_read_as_it_was_written() -> None:
    assert parse_snapshot(snapshot_text(SNAPSHOT).encode()) == SNAPSHOT


def test_each_digest_stands_in_a_line_of_its_own() -> None:
    lines = snapshot_text(SNAPSHOT).splitlines()
    assert lines[5:7] == [f'  "packages": ["{"a" * 64}",', f'  "{"b" * 64}"],']
    assert json.loads("\n".join(lines)) == FIELDS


def test_a_snapshot_may_have_no_packages() -> None:
    empty = replace(SNAPSHOT, packages=())
    assert parse_snapshot(snapshot_text(empty).encode()) == empty


def test_a_publication_is_read_as_it_was_written() -> None:
    assert parse_publication(publication_text(PUBLICATION).encode()) == PUBLICATION


@pytest.mark.parametrize("indent", [None, 2])
def test_what_an_older_modpkg_wrote_is_read_too(indent: int | None) -> None:
    # It wrote by pydantic, and its first entries said nothing of indices.
    text = json.dumps({name: value for name, value in FIELDS.items() if name != "indices"}, indent=indent)
    assert parse_snapshot(text.encode()).indices == ()
    assert parse_head(text.encode()) == Head(**HEAD)  # type: ignore[arg-type]


def test_a_head_is_read_from_the_beginning_of_an_entry() -> None:
    text = snapshot_text(SNAPSHOT).encode()
    start = text[: text.index(AFTER_HEAD) + len(AFTER_HEAD) + 9]
    assert parse_head(start) == parse_head(text) == Head(**HEAD)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"id": "../../etc"},
        {"id": 1},
        {"channel": "Testing/.."},
        {"date": "7"},
        {"parent": 7},
        {"packages": "a" * 64},
        {"packages": ["a" * 63]},
        {"packages": ["A" * 64]},
        {"packages": [7]},
        {"packages": [f"{'a' * 64}\n{'a' * 64}x"]},
        {"colour": "blue"},
    ],
)
def test_anything_else_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_snapshot(json.dumps({**FIELDS, **change}).encode())


@pytest.mark.parametrize("name", list(HEAD))
def test_each_field_of_a_head_is_needed(name: str) -> None:
    fields = {key: value for key, value in FIELDS.items() if key != name}
    for parse in (parse_snapshot, parse_head):
        with pytest.raises(ValueError, match="other fields"):
            parse(json.dumps(fields).encode())


@pytest.mark.parametrize("text", ["", "[]", "7", "{", '{"snapshot": {}, "replacements": []}'])
def test_no_other_text_is_a_publication(text: str) -> None:
    for parse in (parse_snapshot, parse_head, parse_publication):
        with pytest.raises(ValueError, match=r"."):
            parse(text.encode())


@pytest.mark.parametrize(
    "replacement",
    [
        {"path": "x", "kind": "move", "content": ""},
        {"path": "x", "kind": "text"},
        {"path": 1, "kind": "text", "content": ""},
        "x",
    ],
)
def test_no_other_replacement_is_made(replacement: object) -> None:
    text = json.dumps({"snapshot": FIELDS, "replacements": [replacement]})
    with pytest.raises(ValueError, match=r"."):
        parse_publication(text.encode())
