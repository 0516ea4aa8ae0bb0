"""The list of names of a directory as the kernel reads it, and its index where it is long."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from modpkg.squashfs.listing import ENTRY, HEADER, MOST_ENTRIES
from modpkg.squashfs.metadata import BLOCK
from modpkg.squashfs.metadata import HEADER as BLOCK_HEADER

if TYPE_CHECKING:
    from collections.abc import Sequence

    # Name, basic type, position of the inode, its number.
    Entry = tuple[bytes, int, int, int]

# A number is told as its difference, in 16 bits with a sign, from that in the header.
MOST_DELTA: Final = 0x7FFF

_INDEX: Final = struct.Struct("<3I")


def write_listing(listings: bytearray, entries: Sequence[Entry]) -> tuple[bytes, int]:
    """Append sorted entries to the table of listings; gives the index and how many entries that has."""
    begin = len(listings)
    index = bytearray()
    indexed = 0
    last_block = begin // BLOCK
    place = 0
    while place < len(entries):
        header = len(listings)
        if header // BLOCK != last_block:
            # What the kernel looks for: the first header in each block, told by the name behind it.
            last_block = header // BLOCK
            name = entries[place][0]
            index += _INDEX.pack(header - begin, last_block * (BLOCK + BLOCK_HEADER), len(name) - 1) + name
            indexed += 1
        place = _run(listings, entries, place)
    if len(listings) - begin <= BLOCK:
        return b"", 0
    return bytes(index), indexed


def _run(listings: bytearray, entries: Sequence[Entry], place: int) -> int:
    # One header and the entries that it serves: their inodes lie in one block and have numbers near each other.
    _, _, position, base = entries[place]
    block = position // BLOCK
    origin = block * BLOCK
    parts: list[bytes] = []
    pack = ENTRY.pack
    for name, kind, where, number in entries[place : place + MOST_ENTRIES]:
        if where // BLOCK != block or not -MOST_DELTA <= number - base <= MOST_DELTA:
            break
        parts += (pack(where - origin, number - base, kind, len(name) - 1), name)
    count = len(parts) // 2
    listings += HEADER.pack(count - 1, block * (BLOCK + BLOCK_HEADER), base)
    listings += b"".join(parts)
    return place + count
