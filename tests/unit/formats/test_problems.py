from __future__ import annotations

import pytest
from pydantic import Field, ValidationError

from modpkg.formats.problems import known_keys, problems_of, way_text
from modpkg.formats.yaml import parse
from modpkg.model.document import Document
from modpkg.model.manifest import Manifest
from modpkg.model.platform import Platform
from modpkg.model.recipe import Recipe


class Leaf(Document):
    size_bytes: int


class Tree(Document):
    leaf: Leaf | None = None
    leaves: tuple[Leaf, ...] = ()
    named: dict[str, Leaf] = Field(default_factory=dict)
    either: dict[str, int] | tuple[int, ...] = ()


def problems(text: str) -> list[tuple[int, int, str, str]]:
    parsed = parse(text, file="f")
    with pytest.raises(ValidationError) as raised:
        Tree.model_validate(parsed.value, by_alias=True, by_name=False)
    found = problems_of(raised.value, parsed, Tree)
    return [(p.line, p.column, p.message, p.hint) for p in sorted(found)]


@pytest.mark.parametrize(
    ("way", "text"),
    [
        ((), ""),
        (("name",), "name"),
        (("contents", 1, "file-info", "mode"), "contents[1].file-info.mode"),
        (("packages", "bookworm", 0), "packages.bookworm[0]"),
    ],
)
def test_ways_are_written_as_people_do(way: tuple[str | int, ...], text: str) -> None:
    assert way_text(way) == text


def test_a_value_in_a_list_of_mappings() -> None:
    assert problems("leaves:\n  - size-bytes: 1\n  - size-bytes: x") == [
        (3, 17, "leaves[1].size-bytes: must be a whole number, not the text 'x'", "")
    ]


def test_an_unknown_key_is_told_at_the_key_with_the_known_ones_of_its_mapping() -> None:
    assert problems("named: {a: {size-bytes: 1, size-byts: 2}}") == [
        (1, 28, "named.a.size-byts: unknown key", "did you mean 'size-bytes'?")
    ]


def test_a_missing_key_is_told_where_it_would_stand() -> None:
    assert problems("leaf: {}\nleaves: [{}]") == [
        (1, 7, "leaf.size-bytes: is missing", ""),
        (2, 10, "leaves[0].size-bytes: is missing", ""),
    ]


def test_the_name_of_the_field_is_no_key() -> None:
    found = [problem[2] for problem in problems("leaf: {size_bytes: 1}")]
    assert found == ["leaf.size-bytes: is missing", "leaf.size_bytes: unknown key"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("either: x", "either: must be a mapping or a list, not the text 'x'"),
        ("either:", "either: must be a mapping or a list, not nothing"),
        ("either: [1, x]", "either[1]: must be a whole number, not the text 'x'"),
        ("either: {a: x}", "either.a: must be a whole number, not the text 'x'"),
    ],
)
def test_a_union_gives_one_problem(text: str, message: str) -> None:
    assert [problem[2] for problem in problems(text)] == [message]


def test_a_union_with_two_faults_gives_two() -> None:
    assert len(problems("either: {a: x, b: 1, c: y}")) == 2


def test_where_yaml_has_a_fault_pydantic_is_not_heard() -> None:
    parsed = parse("leaf: *nothing\nleaves: x", file="f")
    with pytest.raises(ValidationError) as raised:
        Tree.model_validate({"leaf": 1, "leaves": "x"})
    found = problems_of(raised.value, parsed, Tree)
    assert [problem.message for problem in found] == ["leaves: must be a list, not the text 'x'"]


@pytest.mark.parametrize(
    ("model", "way", "some"),
    [
        (Recipe, (), "waits-for-site"),
        (Recipe, ("contents", 0), "file-info"),
        (Recipe, ("contents", 3, "file-info"), "mode"),
        (Recipe, ("test", 0), "stdout"),
        (Manifest, ("modules", 0), "version"),
        (Platform, ("squashfs",), "block-size"),
    ],
)
def test_known_keys(model: type[Document], way: tuple[str | int, ...], some: str) -> None:
    assert some in known_keys(model, way)


def test_a_free_mapping_has_no_known_keys() -> None:
    assert known_keys(Platform, ("accounts", "users")) == []
    assert known_keys(Recipe, ("packages",)) == []
