from __future__ import annotations

import json
from typing import Any

import pytest

from modpkg.formats.schema import KINDS, schema_of
from modpkg.formats.words import FORMS, Fault, closest, describe, shown


def fault(kind: str, value: object, *, written: str = "", **context: object) -> Fault:
    return Fault(kind=kind, value=value, written=written, context=context)


def patterns(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["pattern"]} if isinstance(value.get("pattern"), str) else set()
        return own.union(*map(patterns, value.values()))
    return set().union(*map(patterns, value)) if isinstance(value, list) else set()


def test_every_pattern_of_a_document_has_words() -> None:
    found = set().union(*(patterns(json.loads(json.dumps(schema_of(kind)))) for kind in KINDS))
    assert found
    assert found - FORMS.keys() == set()


def test_a_number_that_should_be_text_gets_the_quotes_to_write() -> None:
    message, hint = describe(fault("string_type", 1.1, written="1.10"))
    assert message == "must be text, not the number 1.1"
    assert hint == 'write it in quotes, "1.10": YAML reads it as the number 1.1'


@pytest.mark.parametrize(
    ("kind", "value", "message", "hint"),
    [
        ("tuple_type", "a", "must be a list, not the text 'a'", "write [a]"),
        ("tuple_type", {}, "must be a list, not a mapping", "begin each entry with a dash"),
        ("tuple_type", None, "is empty", "write a list"),
        ("dict_type", (), "must be a mapping, not a list", ""),
        ("int_type", "7", "must be a whole number, not the text '7'", "write it without quotes"),
        ("int_type", "x", "must be a whole number, not the text 'x'", ""),
        ("int_type", True, "must be a whole number, not the value true", ""),
    ],
)
def test_wrong_kinds(kind: str, value: object, message: str, hint: str) -> None:
    assert describe(fault(kind, value)) == (message, hint)


def test_one_choice_is_not_called_one_of() -> None:
    assert describe(fault("literal_error", "xz", expected="'zstd'"))[0] == "'xz' is not zstd"


def test_a_choice_of_numbers() -> None:
    message, hint = describe(fault("literal_error", 4096, expected="131072"))
    assert message == "the number 4096 is not 131072"
    assert hint == "known: 131072"


def test_long_values_are_cut() -> None:
    assert shown("x" * 500) == "the text '" + "x" * 37 + "...'"


def test_values_cannot_write_to_the_terminal() -> None:
    assert "\x1b" not in shown("\x1b[31m")


def test_an_unforeseen_error_keeps_its_words() -> None:
    unforeseen = Fault(kind="new_kind", value=1, context={}, words="Input is odd")
    assert describe(unforeseen) == ("input is odd", "")


def test_closest_names_one_or_all_or_nothing() -> None:
    assert closest("depnds", ["depends", "provides"]) == "did you mean 'depends'?"
    assert closest("xyz", ["b", "a"]) == "known: a, b"
    assert closest("xyz", []) == ""
