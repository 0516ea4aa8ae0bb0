"""Metadata: blocks of 8 KiB with a header of two bytes, compressed or stored, and tables of them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from modpkg.squashfs.codec import Decompress

BLOCK: Final = 8192
HEADER: Final = 2
STORED: Final = 0x8000
# What one table may take of memory. An inode has some 40 bytes, a name in a directory some 20.
MOST_BYTES: Final = 128 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A decompressed table, and where each of its blocks begins: offset on the disk -> offset in `data`."""

    data: bytes
    blocks: dict[int, int]


def parse_table(raw: bytes, decompress: Decompress, *, most: int = MOST_BYTES) -> Table:
    """Decompress the blocks that fill `raw` exactly; raises ValueError where they do not."""
    parts: list[bytes] = []
    blocks: dict[int, int] = {}
    place = 0
    while place < len(raw):
        if parts and len(parts[-1]) != BLOCK:
            raise ValueError("a block that is not the last is not full")
        if len(parts) * BLOCK >= most:
            raise ValueError(f"it has more than {most >> 20} MiB")
        blocks[place] = len(parts) * BLOCK
        content, place = _block(raw, place, decompress)
        parts.append(content)
    return Table(data=b"".join(parts), blocks=blocks)


def _block(raw: bytes, place: int, decompress: Decompress) -> tuple[bytes, int]:
    header = int.from_bytes(raw[place : place + HEADER], "little")
    size = header & ~STORED
    content = raw[place + HEADER : place + HEADER + size]
    if not 0 < size <= BLOCK or len(content) != size:
        raise ValueError("a block reaches past its end")
    if not header & STORED:
        content = decompress(content, BLOCK)
    return content, place + HEADER + size


def stored(data: bytes | bytearray) -> bytes:
    """Give `data` as stored blocks."""
    view = memoryview(data)
    parts: list[bytes | memoryview] = []
    for place in range(0, len(data), BLOCK):
        chunk = view[place : place + BLOCK]
        parts += (struct.pack("<H", STORED | len(chunk)), chunk)
    return b"".join(parts)


def reference(place: int) -> int:
    """Give the reference to byte `place` of a table of stored blocks: block on the disk, offset inside it."""
    return place // BLOCK * (BLOCK + HEADER) << 16 | place % BLOCK


def stored_lookup(data: bytes | bytearray, start: int) -> tuple[bytes, int]:
    """Give a table with its index behind it, and where that index begins in an image if the table is at `start`."""
    blocks = stored(data)
    places = range(start, start + len(blocks), BLOCK + HEADER)
    return blocks + struct.pack(f"<{len(places)}Q", *places), start + len(blocks)
