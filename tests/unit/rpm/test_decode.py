"""Tags of a header as values, held against rpmfile."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
import rpmfile

from modpkg.rpm import header
from modpkg.rpm.decode import Tags
from modpkg.rpm.guard import Checked, check, check_header
from modpkg.rpm.tags import Tag, Type
from tests.support.packages import write_pair

if TYPE_CHECKING:
    from pathlib import Path


def tags_of(values: dict[int, header.Value]) -> Tags:
    return Tags(check_header(io.BytesIO(header.encode(values, region=Tag.REGION)), 0))


def test_texts_and_numbers_are_what_was_written() -> None:
    tags = tags_of(
        {
            Tag.NAME: header.string("núme"),
            Tag.SUMMARY: header.translated("short"),
            Tag.BASE_NAMES: header.strings(["a", "", "c"]),
            Tag.FILE_MODES: header.integers([1, 65535], Type.INT16),
            Tag.FILE_SIZES: header.integers([7, 2**32 - 1]),
        }
    )
    assert (tags.text(Tag.NAME), tags.text(Tag.SUMMARY)) == ("núme", "short")
    assert tags.texts(Tag.BASE_NAMES) == ["a", "", "c"]
    assert tags.numbers(Tag.FILE_MODES) == (1, 65535)
    assert tags.numbers(Tag.FILE_SIZES) == (7, 2**32 - 1)


def test_an_absent_tag_is_empty() -> None:
    tags = tags_of({Tag.NAME: header.string("x")})
    assert Tag.NAME in tags
    assert Tag.EPOCH not in tags
    assert (tags.text(Tag.URL), tags.texts(Tag.URL), tags.numbers(Tag.EPOCH)) == ("", [], ())


def test_a_tag_of_another_kind_is_an_error() -> None:
    tags = tags_of({Tag.NAME: header.integers([1]), Tag.EPOCH: header.string("1")})
    with pytest.raises(TypeError, match="where text has to be"):
        tags.text(Tag.NAME)
    with pytest.raises(TypeError, match="where a number has to be"):
        tags.numbers(Tag.EPOCH)


def test_text_that_is_not_utf8_is_an_error() -> None:
    tags = tags_of({Tag.NAME: header.Value(Type.STRING, 1, b"\xff\0")})
    with pytest.raises(UnicodeDecodeError):
        tags.text(Tag.NAME)


def test_of_a_tag_that_is_there_twice_the_first_counts() -> None:
    entry = (int(Tag.NAME), int(Type.STRING))
    twice = Checked(sha256="", end=0, index=((*entry, 0, 1), (*entry, 2, 1)), data=b"a\0b\0")
    assert Tags(twice).text(Tag.NAME) == "a"


def test_rpmfile_reads_the_same(tmp_path: Path) -> None:
    path = write_pair(tmp_path).rpm
    with path.open("rb") as stream:
        tags = Tags(check(stream, path.stat().st_size).main)
    with rpmfile.open(path) as package:
        headers = package.headers
        for tag, name in ((Tag.NAME, "name"), (Tag.VERSION, "version"), (Tag.SUMMARY, "summary")):
            assert tags.text(tag) == headers[name].decode()
        for tag, name in ((Tag.BASE_NAMES, "basenames"), (Tag.PROVIDE_NAME, "provides")):
            assert tags.texts(tag) == [each.decode() for each in headers[name]]
        for tag, name in ((Tag.FILE_MODES, "filemodes"), (Tag.DIR_INDEXES, "dirindexes")):
            assert tags.numbers(tag) == headers[name]
