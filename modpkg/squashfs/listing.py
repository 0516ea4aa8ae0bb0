"""The names in a directory, checked as the kernel wants them: sorted, each once, each with an inode."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from modpkg.squashfs.inodes import EXTENDED, HEAD, PERMISSIONS, SOCKET
from modpkg.squashfs.metadata import BLOCK

if TYPE_CHECKING:
    from modpkg.squashfs.inodes import DirectoryInode
    from modpkg.squashfs.source import Source

    # Name, basic type, position of the inode, its number.
    Entry = tuple[bytes, int, int, int]

MOST_ENTRIES: Final = 256
LONGEST_NAME: Final = 255
HEADER: Final = struct.Struct("<3I")
ENTRY: Final = struct.Struct("<HhHH")
RESERVED: Final = (b".", b"..")


def read_listing(source: Source, directory: DirectoryInode) -> list[Entry]:
    """Read the names of a directory in their order; raises ValueError where they are not as they should be."""
    data = source.directories.data
    place, end = directory.place, directory.place + directory.size
    found: list[Entry] = []
    while place < end:
        if place + HEADER.size > end:
            raise ValueError("its list of names is cut short")
        count, block, base = HEADER.unpack_from(data, place)
        origin = source.inodes.blocks.get(block)
        if count >= MOST_ENTRIES or origin is None:
            raise ValueError("its list of names is not in order")
        place = _entries(source, found, (place + HEADER.size, end), (count + 1, origin, base))
    return found


def _entries(source: Source, found: list[Entry], span: tuple[int, int], header: tuple[int, int, int]) -> int:
    data, inodes, last_inode = (
        source.directories.data,
        source.inodes.data,
        len(source.inodes.data) - HEAD.size,
    )
    place, end = span
    count, origin, base = header
    unpack, head, size = ENTRY.unpack_from, HEAD.unpack_from, ENTRY.size
    previous = found[-1][0] if found else b""
    for _ in range(count):
        if place + size > end:
            raise ValueError("its list of names is cut short")
        offset, delta, kind, length = unpack(data, place)
        place += size
        stop = place + length + 1
        name = data[place:stop]
        position = origin + offset
        if stop > end or length >= LONGEST_NAME or name <= previous or b"/" in name or b"\0" in name:
            raise ValueError("its list of names is not in order")
        if offset >= BLOCK or position > last_inode or not 0 < kind <= SOCKET or name in RESERVED:
            raise ValueError("its list of names is not in order")
        real, mode, owner, group, _time, number = head(inodes, position)
        if number != base + delta or (real != kind and real != kind + EXTENDED):
            raise ValueError("a name leads to another inode than it says")
        if mode > PERMISSIONS or owner >= len(source.ids) or group >= len(source.ids):
            raise ValueError("a mode or an owner is none")
        found.append((name, kind, position, number))
        previous, place = name, stop
    return place
