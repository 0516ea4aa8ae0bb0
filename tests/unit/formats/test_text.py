from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import DocumentError
from modpkg.formats.text import LARGEST_DOCUMENT, LONGEST_SOURCE, Text, read_text

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("index", "place"), [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (4, (3, 1)), (6, (3, 3)), (7, (3, 4))]
)
def test_places_count_from_one(index: int, place: tuple[int, int]) -> None:
    assert Text.of("ab\n\nabc", file="f").place(index) == place


def test_problem_shows_its_line() -> None:
    problem = Text.of("a\nbad line  \n", file="f").problem((2, 5), "wrong", hint="right")
    assert str(problem) == "f:2:5: wrong\n    bad line\n        ^\n  hint: right"


def test_tabs_are_shown_as_one_space_so_that_the_caret_fits() -> None:
    assert Text.of("\ta", file="f").problem((1, 2), "wrong").source == " a"


def test_a_long_line_is_cut() -> None:
    text = Text.of("a" * 1000, file="f")
    assert len(text.problem((1, 5), "wrong").source) == LONGEST_SOURCE
    assert text.problem((1, 500), "wrong").source == ""


def test_messages_cannot_write_to_the_terminal() -> None:
    problem = Text.of("a", file="f").problem((1, 1), "\x1b[31m: bad\ud800", hint="a\nb")
    assert (problem.message, problem.hint) == ("\\x1b[31m: bad\\ud800", "a\\nb")


def test_line_breaks_become_newlines_and_a_byte_order_mark_goes(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n")
    assert read_text(path) == "a\nb\nc\n"


def test_bytes_that_are_not_utf8_have_a_place(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes("ä: ".encode() + b"\xff\n")
    with pytest.raises(DocumentError) as raised:
        read_text(path)
    (problem,) = raised.value.problems
    assert (problem.line, problem.column, problem.message) == (1, 4, "byte 0xff is not UTF-8")


def test_a_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot read the file: Is a directory"):
        read_text(tmp_path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"nothing.yaml: the file is missing"):
        read_text(tmp_path / "nothing.yaml")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(DocumentError, match="no regular file"):
        read_text(tmp_path / "pipe.yaml")


def test_a_document_has_an_end(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_text("#" * LARGEST_DOCUMENT)
    assert len(read_text(path)) == LARGEST_DOCUMENT
    path.write_text("#" * (LARGEST_DOCUMENT + 1))
    with pytest.raises(DocumentError, match="a document has at most 1048576"):
        read_text(path)
