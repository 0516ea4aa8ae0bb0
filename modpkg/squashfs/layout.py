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

    def use(self, position: int) -> None:
        """Check a file and remember what it uses; raises ValueError where that cannot be."""
        source = self.source
        file = read_file(source, position)
        self._left -= len(file.blocks)
        if self._left < 0:
            raise ValueError("inodes overlap")
        if file.blocks:
            self._extent(file.start, self._blocks(file))
        if file.fragment != NO_FRAGMENT:
            self._tail(file)

    def _blocks(self, file: FileInode) -> int:
        whole = self.source.superblock.block_size
        sizes = [size & BLOCK_MASK for size in memoryview(file.blocks).cast("I")]
        if max(sizes) > whole:
            raise ValueError("it has a block that is larger than blocks are")
        for index, word in enumerate(memoryview(file.blocks).cast("I")):
            if word & STORED_BLOCK and sizes[index] != min(whole, file.size - index * whole):
                raise ValueError("it has a block that is larger or smaller than it should be")
        return sum(sizes)

    def _tail(self, file: FileInode) -> None:
        source = self.source
        if file.fragment >= len(source.fragments):
            raise ValueError("its end lies in a fragment block that is not there")
        start, word, _ = source.fragments[file.fragment]
        size, tail = word & BLOCK_MASK, file.size & (source.superblock.block_size - 1)
        end = file.offset + tail
        if not tail or end > (size if word & STORED_BLOCK else source.superblock.block_size):
            raise ValueError("its end reaches past its fragment block")
        if file.fragment not in self.fragments:
            self.fragments[file.fragment] = len(self.fragments)
            if not 0 < size <= source.superblock.block_size:
                raise ValueError("its fragment block is larger than blocks are")
            self._extent(start, size)

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
