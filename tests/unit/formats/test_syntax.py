from __future__ import annotations

import pytest

from modpkg.errors import DocumentError
from modpkg.formats.yaml import parse


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: b: c", 1, 5, "a ':' that makes no key here"),
        ("a: 1\nb\nc: 2", 2, 1, "this line is no `key: value`"),
        ("a:\n\tb: 1", 2, 1, "a tab where spaces belong"),
        ("a: 'x\nb: 2", 1, 4, "the quote that opens here is never closed"),
        ('a: "x\n---\nb: 2', 1, 4, "the quote that opens here is never closed"),
        ("- a\nb: 1", 2, 1, "this line does not fit the lines above"),
        ("a: [1\nb: 2", 1, 4, "the '[' that opens here is not closed, or a comma is missing"),
        ("a: {b: 1", 1, 4, "the '{' that opens here is not closed, or a comma is missing"),
        (r'a: "\q"', 1, 6, "an unknown escape after '\\'"),
        ("a: @b", 1, 4, "a text cannot begin with this character"),
        ("a: - b", 1, 4, "a list cannot begin here"),
        ("a: ]", 1, 4, "a value is missing here"),
        ("a: *", 1, 4, "'&' and '*' begin anchors and aliases"),
        ("a: |0\n b", 1, 5, "cannot read this as YAML: expected indentation indicator"),
    ],
)
def test_syntax_errors_have_our_words_at_the_place_to_look_at(
    text: str, line: int, column: int, words: str
) -> None:
    with pytest.raises(DocumentError) as raised:
        parse(text, file="f")
    (problem,) = raised.value.problems
    assert problem.message.startswith(words)
    assert (problem.line, problem.column) == (line, column)
