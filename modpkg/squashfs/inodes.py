"""Inodes: what they say, checked. Positions are offsets in the decompressed table of inodes.

Readers raise ValueError or struct.error for what cannot be; `Source.refuse` makes an error for people of it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from modpkg.squashfs.source import Source

DIRECTORY, FILE, SYMLINK, BLOCK_DEVICE, CHARACTER_DEVICE, FIFO, SOCKET = range(1, 8)
# An extended inode has the number of the basic one plus this.
EXTENDED: Final = 7
NO_FRAGMENT: Final = 0xFFFF_FFFF
NO_XATTR: Final = 0xFFFF_FFFF
# In the size of a data block: stored, not compressed. All of the size but that bit.
STORED_BLOCK: Final = 1 << 24
BLOCK_MASK: Final = 0xFFFF_FFFF & ~STORED_BLOCK
LONGEST_TARGET: Final = 4096
LARGEST_FILE: Final = (1 << 63) - 1
PERMISSIONS: Final = 0o7777
# A listing's size counts three bytes for `.` and `..` that are not there.
LISTING_EXTRA: Final = 3

HEAD: Final = struct.Struct("<4H2I")
BASIC_DIRECTORY: Final = struct.Struct("<4H2I2I2HI")
EXTENDED_DIRECTORY: Final = struct.Struct("<4H2I4I2HI")
BASIC_FILE: Final = struct.Struct("<4H2I4I")
EXTENDED_FILE: Final = struct.Struct("<4H2I3Q4I")
SYMBOLIC_LINK: Final = struct.Struct("<4H2I2I")
DEVICE: Final = struct.Struct("<4H2I2I")
EXTENDED_DEVICE: Final = struct.Struct("<4H2I3I")
PIPE: Final = struct.Struct("<4H2II")
EXTENDED_PIPE: Final = struct.Struct("<4H2I2I")
WORD: Final = struct.Struct("<I")


class DirectoryInode(NamedTuple):
    """A directory: where its listing lies in the decompressed table of directories, and its size in bytes."""

    place: int
    size: int
    xattr: int


class FileInode(NamedTuple):
    """A file: the first byte of its blocks in the image, bytes of holes, its tail, `blocks` as in the inode."""

    start: int
    size: int
    sparse: int
    fragment: int
    offset: int
    xattr: int
    blocks: bytes


def read_directory(source: Source, position: int) -> DirectoryInode:
    """Read the inode of a directory."""
    data = source.inodes.data
    if data[position] == DIRECTORY:
        *_, block, _links, size, offset, _parent = BASIC_DIRECTORY.unpack_from(data, position)
        xattr = NO_XATTR
    else:
        *_, size, block, _parent, _count, offset, xattr = EXTENDED_DIRECTORY.unpack_from(data, position)
    if size == LISTING_EXTRA:
        return DirectoryInode(0, 0, xattr)
    place = source.directories.blocks.get(block, -1) + offset
    size -= LISTING_EXTRA
    if place < offset or size < 0 or place + size > len(source.directories.data):
        raise ValueError("its list of names lies where none can be")
    return DirectoryInode(place, size, xattr)


def read_file(source: Source, position: int) -> FileInode:
    """Read the inode of a file; where its bytes lie is not checked."""
    data = source.inodes.data
    if data[position] == FILE:
        *_, start, fragment, offset, size = BASIC_FILE.unpack_from(data, position)
        sparse, xattr, head = 0, NO_XATTR, BASIC_FILE.size
    else:
        *_, start, size, sparse, _links, fragment, offset, xattr = EXTENDED_FILE.unpack_from(data, position)
        head = EXTENDED_FILE.size
    count = size >> source.superblock.block_log
    if fragment == NO_FRAGMENT and size & (source.superblock.block_size - 1):
        count += 1
    blocks = data[position + head : position + head + 4 * count]
    if len(blocks) != 4 * count or size > LARGEST_FILE or sparse > size:
        raise ValueError("its size is more than there can be")
    return FileInode(start, size, sparse, fragment, offset, xattr, blocks)


def read_target(source: Source, position: int) -> tuple[bytes, int]:
    """Read where a symbolic link leads, and the number of its attributes."""
    data = source.inodes.data
    *_, size = SYMBOLIC_LINK.unpack_from(data, position)
    start = position + SYMBOLIC_LINK.size
    target = data[start : start + size]
    if not 0 < size <= LONGEST_TARGET or len(target) != size or b"\0" in target:
        raise ValueError("it is a symbolic link that leads nowhere")
    xattr = NO_XATTR if data[position] == SYMLINK else WORD.unpack_from(data, start + size)[0]
    return target, xattr


def read_device(source: Source, position: int) -> tuple[int, int]:
    """Read the number of a device as in the inode, and the number of its attributes."""
    data = source.inodes.data
    if data[position] <= EXTENDED:
        *_, device = DEVICE.unpack_from(data, position)
        return device, NO_XATTR
    *_, device, xattr = EXTENDED_DEVICE.unpack_from(data, position)
    return device, xattr


def read_pipe(source: Source, position: int) -> int:
    """Read the number of the attributes of a fifo or socket."""
    data = source.inodes.data
    if data[position] <= EXTENDED:
        PIPE.unpack_from(data, position)
        return NO_XATTR
    *_, xattr = EXTENDED_PIPE.unpack_from(data, position)
    return int(xattr)
