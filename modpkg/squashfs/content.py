"""The bytes of one file of an image, block by block; no block may give more than it should."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from modpkg.squashfs.inodes import BLOCK_MASK, NO_FRAGMENT, STORED_BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from modpkg.squashfs.inodes import FileInode
    from modpkg.squashfs.source import Source

    # The content of the block at a place, by the word that tells its size there and whether it is compressed.
    Fetch = Callable[[int, int], bytes]

# In the inode of a file, for each of its blocks.
BLOCK_WORD: Final = 4


def fetcher(source: Source) -> Fetch:
    """Give what reads blocks of an image; it raises ValueError for one that is corrupt."""

    def fetch(start: int, word: int) -> bytes:
        content = os.pread(source.descriptor, word & BLOCK_MASK, start)
        if word & STORED_BLOCK:
            return content
        return source.decompress(content, source.superblock.block_size)

    return fetch


def file_blocks(source: Source, file: FileInode, fetch: Fetch) -> Iterator[tuple[bytes, int]]:
    """Give the content of each block with its size in bytes; no content for a hole.

    Raises ValueError for blocks that are corrupt. The file was checked before by `LayerData.use`.
    """
    whole, place, left = source.superblock.block_size, file.start, file.size
    for word in memoryview(file.blocks).cast("I"):
        expected = min(whole, left)
        size = word & BLOCK_MASK
        yield _part(fetch(place, word), 0, expected) if size else b"", expected
        place += size
        left -= expected
    if file.fragment != NO_FRAGMENT:
        start, word, _ = source.fragments[file.fragment]
        yield _part(fetch(start, word), file.offset, file.offset + left), left


def file_span(source: Source, file: FileInode, fetch: Fetch, span: tuple[int, int]) -> bytes:
    """Give the bytes of a file from the first of `span` to before the second, as far as it has them.

    Other blocks are not read.

    Raises ValueError for blocks that are corrupt. The file was checked before by `LayerData.use`.
    """
    whole, place, found = source.superblock.block_size, file.start, []
    start, end = span[0], min(span[1], file.size)
    for number, word in enumerate(memoryview(file.blocks).cast("I")):
        first = number * whole
        size, last = word & BLOCK_MASK, min(first + whole, file.size)
        if first < end and start < last:
            begin, stop = max(start - first, 0), min(end, last) - first
            found.append(_part(fetch(place, word), begin, stop) if size else bytes(stop - begin))
        place += size
    if file.fragment != NO_FRAGMENT:
        first = len(file.blocks) // BLOCK_WORD * whole
        if start < file.size and first < end:
            place, word, _ = source.fragments[file.fragment]
            begin, stop = file.offset + max(start - first, 0), file.offset + end - first
            found.append(_part(fetch(place, word), begin, stop))
    return b"".join(found)


def _part(content: bytes, begin: int, stop: int) -> bytes:
    part = content[begin:stop]
    if len(part) != stop - begin:
        raise ValueError("one of its blocks gives fewer bytes than it should")
    return part
