"""Layers merged as overlayfs does: a later one wins, whiteouts remove, opaque directories hide what lies below.

A directory is an object, anything else a key: the number of its layer and the position of its inode in one integer.
A quarter of a million names then take some 40 MB.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from modpkg.squashfs.inodes import (
    CHARACTER_DEVICE,
    DIRECTORY,
    EXTENDED,
    HEAD,
    PERMISSIONS,
    read_device,
    read_directory,
)
from modpkg.squashfs.listing import read_listing
from modpkg.squashfs.source import FAULTS, joined
from modpkg.squashfs.xattrs import is_opaque

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from modpkg.squashfs.listing import Entry
    from modpkg.squashfs.source import Source
    from modpkg.squashfs.xattrs import Attributes, Reader

LAYER_SHIFT: Final = 40
POSITION_MASK: Final = (1 << LAYER_SHIFT) - 1
# PATH_MAX of Linux; and the paths of all directories of one layer together.
LONGEST_PATH: Final = 4095
MOST_PATH_BYTES: Final = 64 << 20


class Directory:
    """A merged directory: `key` is the inode that gives its attributes."""

    __slots__ = ("children", "key")

    def __init__(self, key: int) -> None:
        self.key = key
        self.children: dict[bytes, Directory | int] = {}


class Merged:
    """The tree that layers make, and the keys of the inodes that have several names in their layer.

    `plain` takes the marks of overlayfs as the devices and attributes that they are.
    """

    def __init__(self, *, plain: bool = False) -> None:
        self._plain = plain
        self.root = Directory(0)
        self.linked: set[int] = set()

    def add(self, source: Source, attributes: Reader, number: int) -> None:
        """Put a layer on top; raises BadInputError for one that is corrupt."""
        layer = _Layer(source, attributes, number)
        path = ""
        try:
            self.root.key = layer.base | layer.root()
            pending = [(self.root, path)]
            while pending:
                directory, path = pending.pop()
                pending += self._lay(layer, directory, path)
        except FAULTS as error:
            source.refuse(error, path)

    def _lay(self, layer: _Layer, directory: Directory, path: str) -> list[tuple[Directory, str]]:
        # Merges what the layer has in one directory; gives the directories in it.
        below: list[tuple[Directory, str]] = []
        children, base = directory.children, layer.base
        attributes, names = layer.read(directory.key & POSITION_MASK)
        # As overlayfs does: the roots of all layers are merged, whatever they say.
        if not self._plain and is_opaque(attributes) and path:
            children.clear()
        for name, kind, position, number in names:
            first = layer.is_first(position, number)
            key = base | position
            if kind == DIRECTORY:
                if not first:
                    raise ValueError("a directory in it has two places")
                child = children.get(name)
                if isinstance(child, Directory):
                    child.key = key
                else:
                    child = children[name] = Directory(key)
                below.append((child, layer.path(path, name)))
            elif kind == CHARACTER_DEVICE and not self._plain and is_whiteout(layer.source, position):
                children.pop(name, None)
            else:
                if not first:
                    self.linked.add(key)
                children[name] = key
        return below

    def remove(self, paths: Iterable[str]) -> None:
        """Remove paths (without a leading slash) with all below them; those that are not there do not matter."""
        for path in paths:
            *parents, name = path.encode(errors="surrogateescape").split(b"/")
            directory: Directory | int | None = self.root
            for parent in parents:
                directory = directory.children.get(parent) if isinstance(directory, Directory) else None
            if isinstance(directory, Directory):
                directory.children.pop(name, None)

    def directories(self) -> Iterator[tuple[Directory, str]]:
        """Give each directory with its path, breadth first, the names in each sorted from then on."""
        level = [(self.root, "")]
        while level:
            below: list[tuple[Directory, str]] = []
            for directory, path in level:
                directory.children = dict(sorted(directory.children.items()))
                yield directory, path
                below += [
                    (child, joined(path, name))
                    for name, child in directory.children.items()
                    if isinstance(child, Directory)
                ]
            level = below


class _Layer:
    """One layer while it is read: no number for two inodes, no list of names twice."""

    def __init__(self, source: Source, attributes: Reader, number: int) -> None:
        self.source = source
        self.base = number << LAYER_SHIFT
        self._attributes = attributes
        self._left = len(source.directories.data)
        self._path_bytes = 0
        # Position of each inode by its number; all bits set where none was met.
        self._positions = array("q", b"\xff" * 8 * (source.superblock.inodes + 1))

    def root(self) -> int:
        """Give the position of the root's inode."""
        source = self.source
        block, offset = source.superblock.root >> 16, source.superblock.root & 0xFFFF
        position = source.inodes.blocks.get(block, len(source.inodes.data)) + offset
        kind, mode, owner, group, _, number = HEAD.unpack_from(source.inodes.data, position)
        if kind not in (DIRECTORY, DIRECTORY + EXTENDED) or max(owner, group) >= len(source.ids):
            raise ValueError("its root is no directory")
        if mode > PERMISSIONS:
            raise ValueError("its root has a mode that is none")
        self.is_first(position, number)
        return position

    def is_first(self, position: int, number: int) -> bool:
        """Tell whether an inode is met for the first time."""
        if not 0 < number < len(self._positions):
            raise ValueError("a name in it leads to an inode that is not there")
        known = self._positions[number]
        if known == position:
            return False
        if known >= 0:
            raise ValueError("two inodes in it have one number")
        self._positions[number] = position
        return True

    def path(self, path: str, name: bytes) -> str:
        """Give the path of a directory; refuses what no program could reach, and more than fits into memory."""
        below = joined(path, name)
        self._path_bytes += len(below)
        if len(below) > LONGEST_PATH or self._path_bytes > MOST_PATH_BYTES:
            raise ValueError("its directories are nested too deeply")
        return below

    def read(self, position: int) -> tuple[Attributes, list[Entry]]:
        """Give the attributes of a directory, and the names in it."""
        directory = read_directory(self.source, position)
        self._left -= directory.size
        if self._left < 0:
            raise ValueError("its list of names is that of another directory")
        return self._attributes.read(directory.xattr), read_listing(self.source, directory)


def is_whiteout(source: Source, position: int) -> bool:
    """Tell whether a character device is what overlayfs removes a name with: number 0:0."""
    return not read_device(source, position)[0]
