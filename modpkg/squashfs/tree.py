"""The merged tree written: numbers from the root down, inodes and listings from the leaves up.

Siblings have neighbouring numbers and inodes, which listings need: a header serves only inodes of one block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.squashfs.emit import Listing
from modpkg.squashfs.inodes import DIRECTORY
from modpkg.squashfs.listing_write import write_listing
from modpkg.squashfs.overlay import LAYER_SHIFT, Directory
from modpkg.squashfs.source import FAULTS, Source

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from modpkg.squashfs.emit import Emitter
    from modpkg.squashfs.listing_write import Entry

ROOT_NUMBER: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Both tables, the position of the root's inode, the number of inodes."""

    inodes: bytearray
    listings: bytearray
    root: int
    count: int


class TreeWriter:
    """Writes one tree."""

    def __init__(
        self,
        directories: Sequence[tuple[Directory, str]],
        linked: Collection[int],
        emitter: Emitter,
        sources: Sequence[Source],
    ) -> None:
        self._directories = directories
        self._linked = linked
        self._emitter = emitter
        self._sources = sources
        # Of a directory that is not written yet: its number, its parent's, the first that its children take.
        self._numbers: dict[Directory, tuple[int, int, int]] = {}
        self._links: dict[int, _Link] = {}
        self._inodes = bytearray()
        self._listings = bytearray()
        # The inodes of directories whose parent is not written yet.
        self._ready: dict[Directory, bytes] = {}

    def write(self) -> Written:
        """Write all; raises BadInputError for an inode that cannot be."""
        count = self._number()
        for directory, path in reversed(self._directories):
            self._directory(directory, path)
        root = len(self._inodes)
        self._inodes += self._ready.pop(self._directories[0][0])
        return Written(inodes=self._inodes, listings=self._listings, root=root, count=count)

    def _number(self) -> int:
        root = self._directories[0][0]
        following = ROOT_NUMBER + 1
        own = {root: (ROOT_NUMBER, 0)}
        for directory, _ in self._directories:
            number, parent = own.pop(directory)
            self._numbers[directory] = (number, parent, following)
            for child in directory.children.values():
                if isinstance(child, Directory):
                    own[child] = (following, number)
                elif child in self._linked:
                    link = self._links.setdefault(child, _Link(following))
                    link.names += 1
                    if link.number != following:
                        continue
                following += 1
        # As mksquashfs has it: the root's parent has a number that no inode has.
        self._numbers[root] = (ROOT_NUMBER, following, ROOT_NUMBER + 1)
        return following - 1

    def _directory(self, directory: Directory, path: str) -> None:
        number, parent, following = self._numbers.pop(directory)
        entries: list[Entry] = []
        directories = 0
        inodes, linked, ready = self._inodes, self._linked, self._ready
        for name, child in directory.children.items():
            place, told = len(inodes), following
            if isinstance(child, Directory):
                kind = DIRECTORY
                directories += 1
                inodes += ready.pop(child)
            elif child in linked:
                kind, place, told = self._link(child, path, name)
            else:
                kind, inode = self._leaf(child, (following, 1), path, name)
                inodes += inode
            entries.append((name, kind, place, told))
            # The number of a link may have been taken before.
            following += told == following
        start = len(self._listings)
        index, indexed = write_listing(self._listings, entries)
        size = len(self._listings) - start
        listing = Listing(place=start, size=size, index=index, indexed=indexed, directories=directories)
        try:
            ready[directory] = self._emitter.directory(directory.key, listing, (number, parent))
        except FAULTS as error:
            self._sources[directory.key >> LAYER_SHIFT].refuse(error, path)

    def _link(self, key: int, path: str, name: bytes) -> tuple[int, int, int]:
        link = self._links[key]
        if link.place < 0:
            link.place = len(self._inodes)
            link.kind, inode = self._leaf(key, (link.number, link.names), path, name)
            self._inodes += inode
        return link.kind, link.place, link.number

    def _leaf(self, key: int, numbers: tuple[int, int], path: str, name: bytes) -> tuple[int, bytes]:
        try:
            return self._emitter.leaf(key, *numbers)
        except FAULTS as error:
            self._sources[key >> LAYER_SHIFT].refuse(error, path, name)


class _Link:
    """An inode with several names: its number, how many of its names are left, where it was written."""

    __slots__ = ("kind", "names", "number", "place")

    def __init__(self, number: int) -> None:
        self.number, self.names, self.place, self.kind = number, 0, -1, 0
