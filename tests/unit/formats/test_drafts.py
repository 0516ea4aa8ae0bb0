from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.formats.documents import Loaded, validate
from modpkg.formats.drafts import UnknownError, as_far_as_known, column, draft_of, first_of_each, numbered
from modpkg.formats.yaml import parse
from modpkg.model.document import Document
from modpkg.model.platform import Platform
from modpkg.model.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modpkg.errors import Problem

FIELDS = """\
name: a
version: "1.0.0"
summary: s
description: d
license: MIT
homepage: https://www.example.org
maintainer: A <a@example.org>
platforms: [p]
"""


def recipe(extra: str, fields: str = FIELDS) -> Loaded[Recipe]:
    return validate(Path("f"), parse(fields + extra, file="f"), Recipe)


def draft(extra: str) -> Recipe:
    made = recipe(extra).draft
    assert made is not None
    return made


def messages(extra: str) -> list[str]:
    return [problem.message for problem in recipe(extra).problems]


def test_a_document_without_faults_is_its_own_draft() -> None:
    loaded = recipe("")
    assert loaded.draft is loaded.document is not None


def test_a_document_that_is_no_mapping_has_none() -> None:
    assert recipe("", "[a]\n").draft is None
    assert draft_of(Recipe, "text", set()) is None


def test_an_unknown_key_is_no_gap() -> None:
    made = draft("colour: blue\ndepends: [b]\n")
    assert (made.name, made.depends, made.scripts) == ("a", ("b",), ())


def test_a_faulty_key_is_not_its_default() -> None:
    made = draft("depends: 5\n")
    with pytest.raises(AttributeError):
        made.depends  # noqa: B018 - reading is what is tested


def test_a_list_keeps_the_places_of_its_sound_items() -> None:
    made = draft("depends: [b, Bad, c, b]\n")
    assert list(numbered(made.depends)) == [(0, "b"), (2, "c"), (3, "b")]
    assert list(first_of_each(made.depends)) == [(0, "b"), (2, "c")]
    assert "c" in made.depends
    assert [*made.depends] == ["b", "c", "b"]


def test_what_a_gap_could_be_is_not_denied() -> None:
    made = draft("depends: [Bad, c]\n")
    for ask in (lambda: "d" in made.depends, lambda: len(made.depends), lambda: made.depends[0]):
        with pytest.raises(UnknownError):
            ask()


def test_a_mapping_keeps_the_keys_whose_values_are_faulty_and_none_that_is_faulty_itself() -> None:
    text = "accounts: {users: {a: 5, b: 105, 'b d': 106}}\n"
    loaded = validate(Path("f"), parse(text, file="f"), Platform)
    assert loaded.draft is not None
    users = loaded.draft.accounts.users
    assert (list(users), list(users.items()), list(users.values())) == (["a", "b"], [("b", 105)], [105])
    assert users["b"] == 105
    with pytest.raises(UnknownError):
        users["a"]


def test_a_column_with_a_gap_denies_nothing() -> None:
    made = draft("contents:\n- {src: x, dst: /a}\n- {src: x, dst: b}\n- {src: x, dst: /a}\n")
    found = column(made.contents, "dst")
    assert list(numbered(found)) == [(0, "/a"), (2, "/a")]
    with pytest.raises(UnknownError):
        assert "/b" not in found


def test_a_rule_ends_at_a_gap_and_keeps_what_it_told() -> None:
    made = draft("depends: 5\n")

    @as_far_as_known
    def rule(document: Recipe) -> Iterator[str]:
        yield document.name
        yield document.depends[0]

    assert list(rule(made)) == ["a"]  # type: ignore[comparison-overlap]


def test_a_fault_of_a_rule_is_no_gap() -> None:
    @as_far_as_known
    def rule(text: str) -> Iterator[Problem]:
        yield text.nothing  # type: ignore[attr-defined]

    with pytest.raises(AttributeError, match="nothing"):
        list(rule("text"))
    assert issubclass(Recipe, Document)


def test_rules_are_asked_beside_faults_of_types() -> None:
    assert messages(
        "colour: blue\ndepends: [Bad, b, b]\n"
        "contents:\n- {src: x, dst: /a, colour: blue}\n- {src: 5, dst: /a}\n- {src: x, dst: /b, type: dir}\n"
    ) == [
        "depends[0]: 'Bad' is not a name",
        "contents[0].colour: unknown key",
        "contents[1].src: must be text, not the number 5",
        "colour: unknown key",
        "depends[2]: 'b' is there twice",
        "contents[1].dst: '/a' is there twice",
        "contents[2].src: a dir has no src",
    ]


@pytest.mark.parametrize(
    "extra",
    [
        "contents:\n- {dst: /a, type: dirr}\n",
        "contents:\n- {src: x, dst: /a, type: 5}\n",
        "contents:\n- {src: *x, dst: /a}\n",
        "packages: {p: [5]}\n",
        "depends: b\n",
    ],
)
def test_no_rule_speaks_of_what_may_not_be_so(extra: str) -> None:
    assert len(messages(extra)) == 1
