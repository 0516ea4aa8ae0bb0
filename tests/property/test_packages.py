"""Properties of framing and of the readers of packages."""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modpkg.deb import read as deb
from modpkg.errors import BadInputError
from modpkg.formats.stored import StoredReader, StoredWriter, framed_size
from modpkg.rpm import read as rpm
from tests.support.packages import Pair, write_pair

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    # What is done to a package: (place as a fraction, bytes that are cut, bytes that are put there).
    Change = tuple[float, int, bytes]

CHANGES = st.tuples(st.floats(0, 1), st.integers(0, 9), st.binary(max_size=9))


@given(st.lists(st.binary(max_size=200_000), max_size=4))
@settings(max_examples=40, deadline=None)
def test_sections_come_back_whatever_they_hold(sections: list[bytes]) -> None:
    pieces: list[bytes | memoryview] = []
    writer = StoredWriter(pieces.append)
    for section in sections:
        writer.write(section)
    writer.close()
    framed, content = b"".join(pieces), b"".join(sections)
    assert gzip.decompress(framed) == content
    assert len(framed) == framed_size(*map(len, sections))
    assert StoredReader(io.BytesIO(framed), len(framed)).read(len(content) + 1) == content


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return write_pair(tmp_path_factory.mktemp("pair"), b"fragment" * 30)


def changed(content: bytes, changes: list[Change]) -> bytes:
    for fraction, cut, put in changes:
        place = int(fraction * len(content))
        content = content[:place] + put + content[place + cut :]
    return content


def judge(readers: list[Callable[[Path], object]], path: Path) -> None:
    for read in readers:
        try:
            read(path)
        except BadInputError as error:
            assert error.where == str(path)  # noqa: PT017 - any outcome but another exception is right


@given(changes=st.lists(CHANGES, min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_a_damaged_deb_is_read_or_refused(pair: Pair, changes: list[Change]) -> None:
    path = pair.deb.with_name("damaged.deb")
    path.write_bytes(changed(pair.deb.read_bytes(), changes))
    judge([deb.read_control, deb.read_module, lambda path: deb.extract_fragment(path, pair.fragment)], path)
    assert pair.fragment.read_bytes() == b"fragment" * 30


@given(changes=st.lists(CHANGES, min_size=1, max_size=3), within=st.sampled_from([0.06, 1.0]))
@settings(max_examples=300, deadline=None)
def test_a_damaged_rpm_is_read_or_refused(pair: Pair, changes: list[Change], within: float) -> None:
    path = pair.rpm.with_name("damaged.rpm")
    path.write_bytes(changed(pair.rpm.read_bytes(), [(f * within, cut, put) for f, cut, put in changes]))
    judge([rpm.read_header, rpm.read_module, lambda path: rpm.extract_fragment(path, pair.fragment)], path)
    assert pair.fragment.read_bytes() == b"fragment" * 30
