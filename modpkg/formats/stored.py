"""Stored framing: gzip whose deflate blocks are all stored.

Every reader of gzip takes it, no compressor's version enters the bytes, and what is unpacked is never larger
than what was read. Content that is compressed already grows by 0.01 %. Nothing here compresses.
"""

from __future__ import annotations

import io
import os
import zlib
from itertools import cycle
from typing import IO, TYPE_CHECKING, BinaryIO, Final

from modpkg.formats.hashing import BLOCKS_AHEAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from modpkg.formats.reading import Readable

BLOCK_BYTES: Final = 0xFFFF
# Magic, deflate, no flags, no time, "slowest" (lintian looks for it in /usr/share/doc), system unknown.
GZIP_HEADER: Final = bytes.fromhex("1f8b08000000000002ff")
GZIP_TRAILER_BYTES: Final = 8
BLOCK_HEADER_BYTES: Final = 5
LAST_BLOCK: Final = bytes.fromhex("010000ffff")
SMALL: Final = 1 << 20
SIZE_MASK: Final = 0xFFFFFFFF
BUFFER_BLOCKS: Final = 16


def framed_size(*sizes: int) -> int:
    """Give how long a file is that holds sections of these sizes."""
    blocks = sum(-(-size // BLOCK_BYTES) for size in sizes)
    fixed = len(GZIP_HEADER) + len(LAST_BLOCK) + GZIP_TRAILER_BYTES
    return fixed + sum(sizes) + blocks * BLOCK_HEADER_BYTES


def frame(data: bytes) -> bytes:
    """Give a whole file in stored framing."""
    pieces: list[bytes | memoryview] = []
    writer = StoredWriter(pieces.append)
    writer.write(data)
    writer.close()
    return b"".join(pieces)


def _block_header(size: int) -> bytes:
    return b"\0" + size.to_bytes(2, "little") + (size ^ BLOCK_BYTES).to_bytes(2, "little")


def _trailer(crc: int, size: int) -> bytes:
    return crc.to_bytes(4, "little") + (size & SIZE_MASK).to_bytes(4, "little")


class StoredWriter:
    """Frames sections, each in full blocks and a rest: the bytes depend on the sections alone."""

    def __init__(self, write: Callable[[bytes | memoryview], object]) -> None:
        self._write = write
        self._crc = 0
        self._size = 0
        write(GZIP_HEADER)

    def write(self, data: bytes) -> None:
        """Frame a section that lies in memory."""
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        view = memoryview(data)
        pieces: list[bytes | memoryview] = []
        for start in range(0, len(data), BLOCK_BYTES):
            block = view[start : start + BLOCK_BYTES]
            pieces += (_block_header(len(block)), block)
        self._write(b"".join(pieces))

    def copy(self, source: BinaryIO) -> int:
        """Frame the rest of an unbuffered file as one section and give its size.

        The function of this writer gets views of buffers that are used again: a `Sha256Thread` that it feeds
        is at most BLOCKS_AHEAD + 1 calls behind, so with one buffer more none is overwritten too early.
        """
        start = self._size
        for buffer in cycle([_Buffer() for _ in range(BLOCKS_AHEAD + 2)]):
            blocks, framed = buffer.fill(source.fileno())
            if not blocks:
                return self._size - start
            self._write(framed)
            for block in blocks:
                self._crc = zlib.crc32(block, self._crc)
                self._size += len(block)
        raise AssertionError("a cycle has no end")

    def close(self) -> None:
        """Write the last block, which is empty, and the trailer."""
        self._write(LAST_BLOCK + _trailer(self._crc, self._size))


class _Buffer:
    """Memory for some blocks with their headers, to be filled from a file without another copy."""

    def __init__(self) -> None:
        step = BLOCK_HEADER_BYTES + BLOCK_BYTES
        self._view = memoryview(bytearray((_block_header(BLOCK_BYTES) + bytes(BLOCK_BYTES)) * BUFFER_BLOCKS))
        starts = range(BLOCK_HEADER_BYTES, len(self._view), step)
        self._blocks = [self._view[start : start + BLOCK_BYTES] for start in starts]

    def fill(self, descriptor: int) -> tuple[list[memoryview], memoryview]:
        """Read on; give the blocks that were filled, and the same with their headers."""
        size = 0
        while size < BLOCK_BYTES * BUFFER_BLOCKS:
            index, offset = divmod(size, BLOCK_BYTES)
            read = os.readv(descriptor, [self._blocks[index][offset:], *self._blocks[index + 1 :]])
            if not read:
                break
            size += read
        full, rest = divmod(size, BLOCK_BYTES)
        blocks = self._blocks[:full]
        end = full * (BLOCK_HEADER_BYTES + BLOCK_BYTES)
        if rest:
            self._view[end : end + BLOCK_HEADER_BYTES] = _block_header(rest)
            end += BLOCK_HEADER_BYTES + rest
            blocks.append(self._blocks[full][:rest])
        return blocks, self._view[:end]


def stored_reader(stream: IO[bytes], length: int) -> Readable:
    """Give a reader of the `length` bytes of stored framing that follow in `stream`, as `StoredReader` reads them.

    What is small is taken apart at once: a walk through an archive is many small reads.
    """
    if length > SMALL:
        return StoredReader(stream, length)
    return io.BytesIO(StoredReader(stream, length).read(length))


class StoredReader:
    """Reads stored framing and nothing else, so that no input unpacks to more than itself.

    Raises EOFError where the stream is cut off, ValueError at a block that is compressed or damaged.
    """

    def __init__(self, stream: IO[bytes], length: int) -> None:
        """Read the `length` bytes that follow in `stream`."""
        self._stream = stream
        self._available = length
        self._left = 0
        self._last = False
        self._finished = False
        self._crc = 0
        self._size = 0
        # The byte of the compression level may be another; flags would add fields that we never write.
        if self._exactly(len(GZIP_HEADER))[:4] != GZIP_HEADER[:4]:
            raise ValueError("its content is not framed like that of a module's package")

    def read(self, size: int) -> bytes:
        """Give up to `size` bytes, fewer only at the end, where the checksum is compared."""
        pieces = []
        while size and self._has_block():
            piece = self._exactly(min(size, self._left))
            self._left -= len(piece)
            self._crc = zlib.crc32(piece, self._crc)
            self._size += len(piece)
            size -= len(piece)
            pieces.append(piece)
        return b"".join(pieces)

    def _has_block(self) -> bool:
        while not self._left:
            if self._last:
                self._finish()
                return False
            header = self._exactly(BLOCK_HEADER_BYTES)
            self._left = int.from_bytes(header[1:3], "little")
            self._last = header[0] == 1
            if header[1:] != _block_header(self._left)[1:] or header[0] > 1:
                raise ValueError("its content is compressed, not stored as in a module's package")
        return True

    def _finish(self) -> None:
        if self._finished:
            return
        self._finished = True
        if self._exactly(GZIP_TRAILER_BYTES) != _trailer(self._crc, self._size):
            raise ValueError("its content does not match its checksum")
        if self._available:
            raise ValueError("it has bytes behind its end")

    def _exactly(self, size: int) -> bytes:
        data = self._stream.read(min(size, self._available))
        self._available -= len(data)
        if len(data) != size:
            raise EOFError("it is cut off")
        return data
