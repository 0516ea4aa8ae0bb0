"""The superblock of squashfs 4.0: the first 96 bytes (Linux, Documentation/filesystems/squashfs.rst)."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

MAGIC: Final = 0x73717368
SIZE: Final = 96
ABSENT: Final = 0xFFFF_FFFF_FFFF_FFFF
SMALLEST_BLOCK: Final = 4096
LARGEST_BLOCK: Final = 1 << 20
COMPRESSORS: Final = {1: "gzip", 2: "lzma", 3: "lzo", 4: "xz", 5: "lz4", 6: "zstd"}

STORED_INODES: Final = 0x001
DUPLICATES: Final = 0x040
STORED_XATTRS: Final = 0x100
COMPRESSOR_OPTIONS: Final = 0x400
STORED_IDS: Final = 0x800

_LAYOUT: Final = struct.Struct("<5I6H8Q")


class Superblock(NamedTuple):
    """The fields in the order of the format; places are bytes from the start of the image."""

    magic: int
    inodes: int
    time: int
    block_size: int
    fragments: int
    compressor: int
    block_log: int
    flags: int
    ids: int
    major: int
    minor: int
    root: int
    bytes_used: int
    id_table: int
    xattr_table: int
    inode_table: int
    directory_table: int
    fragment_table: int
    export_table: int

    def packed(self) -> bytes:
        """Give the 96 bytes."""
        return _LAYOUT.pack(*self)


def parse_superblock(data: bytes) -> Superblock:
    """Read the fields; raises ValueError that says what no squashfs 4.0 has."""
    if len(data) < SIZE:
        raise ValueError("it is shorter than a superblock")
    found = Superblock._make(_LAYOUT.unpack_from(data))
    if found.magic != MAGIC:
        raise ValueError("it does not begin as a squashfs does")
    if (found.major, found.minor) != (4, 0):
        raise ValueError(f"it has format {found.major}.{found.minor}, not 4.0")
    if not SMALLEST_BLOCK <= found.block_size <= LARGEST_BLOCK or found.block_size != 1 << found.block_log:
        raise ValueError(f"a block size of {found.block_size} bytes is none")
    if found.compressor not in COMPRESSORS:
        raise ValueError(f"its compressor, number {found.compressor}, is unknown")
    if not found.inodes or not found.ids:
        raise ValueError("it counts no inodes or no owners")
    if not SIZE <= found.inode_table < found.directory_table < found.bytes_used:
        raise ValueError("its tables are out of order")
    return found
