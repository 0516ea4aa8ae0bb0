"""ruamel.yaml's syntax errors in our words. It reads no files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from ruamel.yaml.error import MarkedYAMLError

    from modpkg.errors import Problem

# Part of ruamel.yaml's words -> our message, our hint, whether the place is where the construct began.
EXPLANATIONS: Final = (
    (
        "mapping values are not allowed",
        "a ':' that makes no key here",
        "quote a text that holds ':', or indent the line as a key",
        False,
    ),
    ("could not find expected ':'", "this line is no `key: value`", "put a ':' after the key", True),
    ("'\\t'", "a tab where spaces belong", "indent with spaces", False),
    ("unexpected end of stream", "the quote that opens here is never closed", "close it", True),
    ("unexpected document separator", "the quote that opens here is never closed", "close it", True),
    (
        "expected <block end>",
        "this line does not fit the lines above",
        "indent it like its neighbours",
        False,
    ),
    ("expected ',' or ']'", "the '[' that opens here is not closed, or a comma is missing", "", True),
    ("expected ',' or '}'", "the '{' that opens here is not closed, or a comma is missing", "", True),
    ("unknown escape character", "an unknown escape after '\\'", "write '\\\\' or use single quotes", False),
    ("cannot start any token", "a text cannot begin with this character", "write the text in quotes", False),
    ("sequence entries are not allowed", "a list cannot begin here", "begin it on a line of its own", False),
    ("expected the node content", "a value is missing here", "", False),
    (
        "expected alphabetic or numeric",
        "'&' and '*' begin anchors and aliases",
        "write the text in quotes",
        True,
    ),
    ("expected '<document start>'", "something stands after the end of the document", "", False),
)


def explain(
    error: MarkedYAMLError,
    place: Callable[[int], tuple[int, int]],
    problem: Callable[..., Problem],
) -> Problem:
    """Turn a syntax error into a problem at the place that a person would look at."""
    words = str(error.problem or error.context or error)
    for part, message, hint, at_start in EXPLANATIONS:
        if part in words:
            return problem(place(_index(error, at_start=at_start)), message, hint=hint)
    return problem(place(_index(error, at_start=False)), f"cannot read this as YAML: {words}")


def _index(error: MarkedYAMLError, *, at_start: bool) -> int:
    first, second = error.problem_mark, error.context_mark
    mark: Any = (second or first) if at_start else (first or second)
    return int(mark.index) if mark else 0
