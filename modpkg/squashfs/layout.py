"""Where the data of live files goes: whole runs of blocks, each copied as it is, in the order of the layers.

What no live file uses is left out. Long runs keep their offset modulo 4096, so that a file system that can share
extents shares them (docs/decisions/0021); the bytes are the same on any file system.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from modpkg.squashfs.inodes import BLOCK_MASK, NO_FRAGMENT, STORED_BLOCK, FileInode, read_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from modpkg.squashfs.source import Source

PAGE: Final = 4096
# Shorter runs are not worth a gap.
ALIGNED_FROM: Final = 64 << 10

_FRAGMENT: Final = struct.Struct("<QII")


class Run(NamedTuple):
    """Bytes to copy: from where in which layer, to where, how many."""

    layer: int
    start: int
    target: int
    size: int


class LayerData:
    """The data of one layer that is used. After `place`, `moved` gives where a block or fragment went."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.moved: dict[int, int] = {}
        self.fragments: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._left = len(source.inodes.data)
        self._tail_mask = source.superblock.block_size - 1
        self._rooms = [_room(word, source.superblock.block_size) for _, word, _ in source.fragments]

    def use(self, position: int) -> None:
        """Check a file and remember what it uses; raises ValueError where that cannot be. Once for each inode."""
        start, size, _, fragment, offset, _, blocks = file = read_file(self.source, position)
        if blocks:
            self._left -= len(blocks)
            if self._left < 0:
                raise ValueError("inodes overlap")
            self._extent(start, self._blocks(file))
        if fragment != NO_FRAGMENT:
            room = self._rooms[fragment] if fragment < len(self._rooms) else 0
            if not 0 < size & self._tail_mask <= room - offset:
                raise ValueError("its end lies in no fragment block")
            if fragment not in self.fragments:
                self.fragments[fragment] = len(self.fragments)
                begin, word, _ = self.source.fragments[fragment]
                self._extent(begin, word & BLOCK_MASK)

    def _blocks(self, file: FileInode) -> int:
        whole = self.source.superblock.block_size
        sizes = [size & BLOCK_MASK for size in memoryview(file.blocks).cast("I")]
        if max(sizes) > whole:
            raise ValueError("it has a block that is larger than blocks are")
        for index, word in enumerate(memoryview(file.blocks).cast("I")):
            if word & STORED_BLOCK and sizes[index] != min(whole, file.size - index * whole):
                raise ValueError("it has a block that is larger or smaller than it should be")
        return sum(sizes)

    def _extent(self, start: int, size: int) -> None:
        if not size:
            return  # a file of holes: its start means nothing
        end = start + size
        if start < self.source.data_start or end > self.source.superblock.inode_table:
            raise ValueError("its data lies where none can be")
        if end > self._ends.get(start, 0):
            self._ends[start] = end

    def place(self, layer: int, target: int) -> tuple[list[Run], int]:
        """Give the runs to copy if the next free byte is `target`, and the next free byte then."""
        runs: list[Run] = []
        # Runs of this layer: first byte, byte behind; extents that touch or overlap are one.
        spans: list[list[int]] = []
        for start in sorted(self._ends):
            if spans and start <= spans[-1][1]:
                spans[-1][1] = max(spans[-1][1], self._ends[start])
            else:
                spans.append([start, self._ends[start]])
        for start, end in spans:
            if end - start >= ALIGNED_FROM:
                target += (start - target) % PAGE
            runs.append(Run(layer, start, target, end - start))
            target += end - start
        self._move(runs)
        return runs, target

    def _move(self, runs: list[Run]) -> None:
        following = iter(runs)
        run = next(following, Run(0, 0, 0, 0))
        for start in sorted(self._ends):
            while start >= run.start + run.size:
                run = next(following)
            self.moved[start] = start - run.start + run.target
        self._ends.clear()


def _room(word: int, block_size: int) -> int:
    # The bytes that a fragment block may hold; none in one that cannot be read.
    size = word & BLOCK_MASK
    if not 0 < size <= block_size:
        return 0
    return size if word & STORED_BLOCK else block_size


def fragment_table(layers: Iterable[LayerData]) -> tuple[bytes, list[int]]:
    """Give the table of all fragment blocks in use, and the number of each layer's first."""
    table = bytearray()
    firsts: list[int] = []
    for layer in layers:
        firsts.append(len(table) // _FRAGMENT.size)
        for number in layer.fragments:
            start, word, _ = layer.source.fragments[number]
            table += _FRAGMENT.pack(layer.moved[start], word, 0)
    return bytes(table), firsts
