from __future__ import annotations

import struct

import pytest

from modpkg.squashfs.codec import decompressor
from modpkg.squashfs.metadata import BLOCK, parse_table, reference, stored, stored_lookup
from tests.support.tiny import zipped

GZIP = decompressor("gzip")


def test_stored_blocks_are_read_back() -> None:
    data = bytes(range(256)) * 100
    table = parse_table(stored(data), GZIP)
    assert table.data == data
    assert table.blocks == {0: 0, 8194: 8192, 16388: 16384, 24582: 24576}


def test_compressed_blocks_are_read() -> None:
    first = zipped(b"a" * BLOCK)
    table = parse_table(first + zipped(b"b" * 5), GZIP)
    assert table.data == b"a" * BLOCK + b"b" * 5
    assert table.blocks == {0: 0, len(first): BLOCK}


def test_nothing_is_a_table_too() -> None:
    assert stored(b"") == b""
    assert parse_table(b"", GZIP).data == b""


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\x05", "reaches past its end"),
        (b"\x05\x80abc", "reaches past its end"),
        (b"\x00\x80", "reaches past its end"),
        (b"\x01\xa0" + bytes(8193), "reaches past its end"),
        (b"\x01\x80a\x01\x80b", "not the last is not full"),
        (b"\x03\x00abc", "cannot be decompressed"),
        (zipped(bytes(BLOCK + 1)), "larger than a block"),
    ],
)
def test_a_table_that_cannot_be_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_table(raw, GZIP)


def test_a_bomb_of_blocks_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 1 MiB"):
        parse_table(zipped(bytes(BLOCK)) * 129, GZIP, most=1 << 20)


@pytest.mark.parametrize(
    ("place", "block", "offset"), [(0, 0, 0), (8191, 0, 8191), (8192, 8194, 0), (20000, 16388, 3616)]
)
def test_references_are_arithmetic(place: int, block: int, offset: int) -> None:
    assert reference(place) == block << 16 | offset


def test_an_index_names_each_block() -> None:
    content, index = stored_lookup(bytes(BLOCK + 1), 1000)
    assert index == 1000 + BLOCK + 2 + 3
    assert struct.unpack("<2Q", content[index - 1000 :]) == (1000, 1000 + BLOCK + 2)
