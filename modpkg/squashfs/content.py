"""The bytes of one file of an image, block by block; no block may give more than it should."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from modpkg.squashfs.inodes import BLOCK_MASK, NO_FRAGMENT, STORED_BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modpkg.squashfs.inodes import FileInode
    from modpkg.squashfs.source import Source

# In the inode of a file, for each of its blocks.
BLOCK_WORD: Final = 4


def file_blocks(source: Source, file: FileInode) -> Iterator[tuple[bytes, int]]:
    """Give the content of each block with its size in bytes; no content for a hole.

    Raises ValueError for blocks that are corrupt. The file was checked before by `LayerData.use`.
    """
    whole, place, left = source.superblock.block_size, file.start, file.size
    for word in memoryview(file.blocks).cast("I"):
        expected = min(whole, left)
        size = word & BLOCK_MASK
        yield _block(source, (place, word), whole, (0, expected)) if size else b"", expected
        place += size
        left -= expected
    if file.fragment != NO_FRAGMENT:
        start, word, _ = source.fragments[file.fragment]
        yield _block(source, (start, word), whole, (file.offset, file.offset + left)), left


def file_span(source: Source, file: FileInode, start: int, end: int) -> bytes:
    """Give the bytes of a file from `start` to before `end`, as far as it has them; other blocks are not read.

    Raises ValueError for blocks that are corrupt. The file was checked before by `LayerData.use`.
    """
    whole, place, found = source.superblock.block_size, file.start, []
    end = min(end, file.size)
    for number, word in enumerate(memoryview(file.blocks).cast("I")):
        first = number * whole
        size, last = word & BLOCK_MASK, min(first + whole, file.size)
        if first < end and start < last:
            span = max(start - first, 0), min(end, last) - first
            found.append(_block(source, (place, word), whole, span) if size else bytes(span[1] - span[0]))
        place += size
    if file.fragment != NO_FRAGMENT:
        first = len(file.blocks) // BLOCK_WORD * whole
        if start < file.size and first < end:
            begin, word, _ = source.fragments[file.fragment]
            span = file.offset + max(start - first, 0), file.offset + end - first
            found.append(_block(source, (begin, word), whole, span))
    return b"".join(found)


def _block(source: Source, place: tuple[int, int], most: int, span: tuple[int, int]) -> bytes:
    start, word = place
    content = os.pread(source.descriptor, word & BLOCK_MASK, start)
    if not word & STORED_BLOCK:
        content = source.decompress(content, most)
    content = content[span[0] : span[1]]
    if len(content) != span[1] - span[0]:
        raise ValueError("one of its blocks gives fewer bytes than it should")
    return content
