"""Stored framing, written and read."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from typing import TYPE_CHECKING

import pytest

from modpkg.formats.hashing import BLOCKS_AHEAD, Sha256Thread
from modpkg.formats.stored import (
    BLOCK_BYTES,
    BUFFER_BLOCKS,
    GZIP_HEADER,
    SMALL,
    StoredReader,
    StoredWriter,
    frame,
    framed_size,
    stored_reader,
)

if TYPE_CHECKING:
    from pathlib import Path

SIZES = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES]


def some_bytes(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def read_all(data: bytes, step: int = 1000) -> bytes:
    reader = StoredReader(io.BytesIO(data), len(data))
    pieces = []
    while piece := reader.read(step):
        pieces.append(piece)
    return b"".join(pieces)


def test_the_bytes_of_a_small_file() -> None:
    crc = zlib.crc32(b"abc").to_bytes(4, "little")
    block, last = bytes.fromhex("000300fcff"), bytes.fromhex("010000ffff")
    expected = GZIP_HEADER + block + b"abc" + last + crc + bytes([3, 0, 0, 0])
    assert frame(b"abc") == expected


@pytest.mark.parametrize("size", SIZES)
def test_gzip_reads_it_and_its_length_was_known(size: int) -> None:
    data = some_bytes(size)
    framed = frame(data)
    assert gzip.decompress(framed) == data
    assert len(framed) == framed_size(size)
    assert read_all(framed) == data


def test_each_section_begins_a_block() -> None:
    pieces: list[bytes | memoryview] = []
    writer = StoredWriter(pieces.append)
    for section in (b"one", b"", b"two" * BLOCK_BYTES):
        writer.write(section)
    writer.close()
    framed = b"".join(pieces)
    assert gzip.decompress(framed) == b"one" + b"two" * BLOCK_BYTES
    assert len(framed) == framed_size(3, 0, 3 * BLOCK_BYTES)


@pytest.mark.parametrize(
    "size", [*SIZES, BLOCK_BYTES * BUFFER_BLOCKS, BLOCK_BYTES * BUFFER_BLOCKS * (BLOCKS_AHEAD + 4) + 7]
)
def test_a_copied_file_is_framed_like_bytes_in_memory(size: int, tmp_path: Path) -> None:
    data = some_bytes(size)
    (tmp_path / "source").write_bytes(data)
    pieces: list[bytes] = []
    with Sha256Thread() as digest, (tmp_path / "source").open("rb", buffering=0) as source:

        def write(piece: bytes | memoryview) -> None:
            digest.update(piece)
            pieces.append(bytes(piece))

        writer = StoredWriter(write)
        assert writer.copy(source) == size
        writer.close()
    assert b"".join(pieces) == frame(data)
    assert digest.hexdigest() == hashlib.sha256(frame(data)).hexdigest()


def test_the_size_in_the_trailer_wraps_at_four_gibibytes() -> None:
    pieces: list[bytes | memoryview] = []
    writer = StoredWriter(pieces.append)
    writer._size = (1 << 32) + 5  # noqa: SLF001 - to write 4 GiB would take too long
    writer.close()
    assert b"".join(pieces)[-4:] == bytes([5, 0, 0, 0])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "cut off"),
        (b"BZh91AY&SY", "not framed"),
        (gzip.compress(b"a" * 9999, mtime=0), "compressed, not stored"),
        (frame(b"abc")[:-1], "cut off"),
        (frame(b"abc")[:13], "cut off"),
        (frame(b"abc") + b"x", "bytes behind its end"),
        (frame(b"abc").replace(b"abc", b"abx"), "does not match its checksum"),
        (frame(b"abc").replace(bytes.fromhex("000300fcff"), bytes.fromhex("000300fdff")), "compressed"),
        (frame(b"abc").replace(bytes.fromhex("000300fcff"), bytes.fromhex("020300fcff")), "compressed"),
    ],
)
def test_refuses_what_is_not_stored_framing(data: bytes, reason: str) -> None:
    with pytest.raises((ValueError, EOFError), match=reason):
        read_all(data)


def test_reads_no_more_than_its_part_of_a_stream() -> None:
    stream = io.BytesIO(frame(b"abc") + b"the next member")
    assert StoredReader(stream, framed_size(3)).read(99) == b"abc"
    assert stream.read() == b"the next member"


@pytest.mark.parametrize("size", [0, 1000, SMALL + BLOCK_BYTES])
def test_small_and_large_contents_are_read_alike(size: int) -> None:
    data = some_bytes(size)
    framed = frame(data)
    assert stored_reader(io.BytesIO(framed + b"next"), len(framed)).read(size + 1) == data
    with pytest.raises(EOFError, match="cut off"):
        stored_reader(io.BytesIO(framed[:-1]), len(framed)).read(size + 1)
    with pytest.raises(ValueError, match="bytes behind its end"):
        stored_reader(io.BytesIO(framed + b"x"), len(framed) + 1).read(size + 1)
