"""The merged tree written: numbers from the root down, inodes and listings from the leaves up.

Siblings have neighbouring numbers and inodes, which listings need: a header serves only inodes of one block.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.squashfs.emit import Listing
from modpkg.squashfs.inodes import DIRECTORY
from modpkg.squashfs.listing_write import write_listing
from modpkg.squashfs.overlay import Directory, Merged

if TYPE_CHECKING:
    from modpkg.squashfs.emit import Emitter

ROOT_NUMBER = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Both tables, the position of the root's inode, the number of inodes."""

    inodes: bytearray
    listings: bytearray
    root: int
    count: int


class TreeWriter:
    """Writes one tree."""

    def __init__(self, merged: Merged, emitter: Emitter, directories: list[tuple[Directory, str]]) -> None:
        self._linked = merged.linked
        self._emitter = emitter
        self._directories = directories
        # Of a directory: its number, its parent's, the first number that its children take.
        self._numbers: dict[int, tuple[int, int, int]] = {}
        self._names: Counter[int] = Counter()
        self._link_numbers: dict[int, int] = {}
        self._link_places: dict[int, tuple[int, int]] = {}
        self._inodes = bytearray()
        self._listings = bytearray()
        self._ready: dict[int, bytes] = {}

    def write(self) -> Written:
        """Write all."""
        count = self._number()
        for directory, path in reversed(self._directories):
            self._directory(directory, path)
        root = len(self._inodes)
        self._inodes += self._ready.pop(id(self._directories[0][0]))
        return Written(inodes=self._inodes, listings=self._listings, root=root, count=count)

    def _number(self) -> int:
        following = ROOT_NUMBER + 1
        own = {id(self._directories[0][0]): (ROOT_NUMBER, 0)}
        for directory, _ in self._directories:
            number, parent = own.pop(id(directory))
            self._numbers[id(directory)] = (number, parent, following)
            for child in directory.children.values():
                if child.__class__ is Directory:
                    own[id(child)] = (following, number)
                elif child in self._linked:
                    self._names[child] += 1
                    if self._link_numbers.setdefault(child, following) != following:
                        continue
                following += 1
        count = following - 1
        root = id(self._directories[0][0])
        # As mksquashfs has it: the root's parent has a number that no inode has.
        self._numbers[root] = (ROOT_NUMBER, count + 1, ROOT_NUMBER + 1)
        return count

    def _directory(self, directory: Directory, path: str) -> None:
        number, parent, following = self._numbers.pop(id(directory))
        entries: list[tuple[bytes, int, int, int]] = []
        directories = 0
        inodes, linked, leaf, ready = self._inodes, self._linked, self._emitter.leaf, self._ready
        for name, child in directory.children.items():
            if child.__class__ is Directory:
                place = len(inodes)
                inodes += ready.pop(id(child))
                entries.append((name, DIRECTORY, place, following))
                directories += 1
            elif child in linked:
                kind, place = self._link(child, path)
                told = self._link_numbers[child]
                entries.append((name, kind, place, told))
                if told != following:
                    continue
            else:
                place = len(inodes)
                kind, content = leaf(child, following, 1, path)
                inodes += content
                entries.append((name, kind, place, following))
            following += 1
        start = len(self._listings)
        index, indexed = write_listing(self._listings, entries)
        size = len(self._listings) - start
        listing = Listing(place=start, size=size, index=index, indexed=indexed, directories=directories)
        ready[id(directory)] = self._emitter.directory(directory.key, listing, (number, parent), path)

    def _link(self, key: int, path: str) -> tuple[int, int]:
        if key not in self._link_places:
            place = len(self._inodes)
            kind, content = self._emitter.leaf(key, self._link_numbers[key], self._names[key], path)
            self._inodes += content
            self._link_places[key] = (kind, place)
        return self._link_places[key]
