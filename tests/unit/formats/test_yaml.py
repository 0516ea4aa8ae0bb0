from __future__ import annotations

import math
from typing import Any

import pytest

from modpkg.errors import DocumentError
from modpkg.formats.yaml import DEEPEST, Parsed, parse, resolve

EXAMPLE = """\
name: slurm
list: [a, {b: "1.10"}]
block:
  - x: 1
    y:
  - |
    text
"""


def messages(parsed: Parsed) -> list[str]:
    return [problem.message for problem in parsed.problems]


def failure(text: str) -> str:
    with pytest.raises(DocumentError) as raised:
        parse(text, file="f")
    return str(raised.value)


def test_values_are_plain() -> None:
    assert parse(EXAMPLE, file="f").value == {
        "name": "slurm",
        "list": ("a", {"b": "1.10"}),
        "block": ({"x": 1, "y": None}, "text\n"),
    }


@pytest.mark.parametrize(
    ("way", "place"),
    [
        ((), (1, 1)),
        (("name",), (1, 7)),
        (("list",), (2, 7)),
        (("list", 0), (2, 8)),
        (("list", 1), (2, 11)),
        (("list", 1, "b"), (2, 15)),
        (("block", 0), (4, 5)),
        (("block", 0, "x"), (4, 8)),
        (("block", 1), (6, 5)),
    ],
)
def test_every_value_has_its_place(way: tuple[str | int, ...], place: tuple[int, int]) -> None:
    assert parse(EXAMPLE, file="f").values[way] == place


def test_every_key_has_its_place() -> None:
    keys = parse(EXAMPLE, file="f").keys
    assert keys == {
        ("name",): (1, 1),
        ("list",): (2, 1),
        ("list", 1, "b"): (2, 12),
        ("block",): (3, 1),
        ("block", 0, "x"): (4, 5),
        ("block", 0, "y"): (5, 5),
    }


def test_a_value_that_is_not_there_has_the_place_of_its_key() -> None:
    assert parse(EXAMPLE, file="f").values["block", 0, "y"] == (5, 5)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("nul", "nul"),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("12", 12),
        ("-3", -3),
        ("0644", 644),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.10", 1.1),
        (".5", 0.5),
        ("1e3", 1000.0),
        (".inf", math.inf),
        ("-.inf", -math.inf),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2024-05-01", "2024-05-01"),
        ("22.5.8", "22.5.8"),
        ("=", "="),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: Any) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


def test_a_number_of_many_digits_is_no_crash() -> None:
    assert resolve("9" * 10_000) == math.inf


def test_what_was_written_is_kept_for_values_that_are_not_text() -> None:
    parsed = parse('a: 1.10\nb: "1.10"\nc: [0644, x]', file="f")
    assert parsed.written == {("a",): "1.10", ("c", 0): "0644"}


def test_of_a_key_that_is_there_twice_the_first_counts() -> None:
    parsed = parse("a: {b: 1}\na: {b: 2, c: 3}\nd: 4", file="f")
    assert parsed.value == {"a": {"b": 1}, "d": 4}
    assert parsed.values["a", "b"] == (1, 8)
    assert ("a", "c") not in parsed.values
    assert messages(parsed) == ["the key 'a' is there twice"]


def test_all_doubled_keys_are_told() -> None:
    assert len(messages(parse("a: 1\na: 1\na: 1\nb: {c: 1, c: 2}", file="f"))) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1", "anchors (&x) are not allowed"),
        ("a: &x [1]\nb: *x", "aliases (*x) are not allowed"),
        ("a: !!str 1", "tags (!!str) are not allowed"),
        ("a: !mine 1", "tags (!mine) are not allowed"),
        ("<<: {a: 1}", "merge keys (<<) are not allowed"),
        ("1: a", "the key 1 is not text"),
        (": a", "the key that is empty is not text"),
        ("%YAML 1.1\n---\na: no", "a directive (%) is not allowed"),
        ("a: 1\n---\nb: 2", "a second document begins"),
    ],
)
def test_what_we_do_not_want_is_a_problem(text: str, message: str) -> None:
    assert message in messages(parse(text, file="f"))


def test_a_merge_key_brings_nothing() -> None:
    assert parse("<<: {a: 1}\nb: 2", file="f").value == {"b": 2}


def test_an_alias_of_what_is_not_there_is_told_too() -> None:
    assert messages(parse("a: *nothing", file="f")) == ["aliases (*nothing) are not allowed"]


@pytest.mark.parametrize("text", ["", "   \n", "# only words\n", "%YAML 1.2\n"])
def test_no_document_is_an_error(text: str) -> None:
    assert "f" in failure(text)


def test_nesting_has_an_end() -> None:
    assert parse("[" * DEEPEST + "]" * DEEPEST, file="f").problems == ()
    assert "nested more than" in failure("[" * 5000 + "]" * 5000)


def test_faults_before_a_syntax_error_are_told_too() -> None:
    text = failure("a: 1\na: 2\nb: [1\n")
    assert "twice" in text
    assert "not closed" in text


def test_escapes_beyond_unicode_are_no_crash() -> None:
    text = failure('a: 1\nb: "x \\U99999999"')
    assert "f:2:7: the escape \\U99999999 is no character" in text
    assert "hint: the last one is \\U0010FFFF" in text


def test_a_problem_without_a_place_of_its_own_has_that_of_what_holds_it() -> None:
    parsed = parse("a:\n  - b: 1", file="f")
    assert parsed.problem(("a", 0, "missing"), "m").line == 2
    assert parsed.problem(("nowhere",), "m").line == 1
