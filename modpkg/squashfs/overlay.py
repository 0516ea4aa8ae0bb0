"""Layers merged as overlayfs does: a later one wins, whiteouts remove, opaque directories hide what lies below.

A directory is an object, anything else a key: the number of its layer and the position of its inode in one integer.
A quarter of a million names then take some 40 MB.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from modpkg.squashfs.inodes import CHARACTER_DEVICE, DIRECTORY, HEAD, read_device, read_directory
from modpkg.squashfs.listing import read_listing
from modpkg.squashfs.xattrs import is_opaque

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from modpkg.squashfs.source import Source
    from modpkg.squashfs.xattrs import Reader

LAYER_SHIFT: Final = 40
POSITION_MASK: Final = (1 << LAYER_SHIFT) - 1


class Directory:
    """A merged directory: `key` is the inode that gives its attributes."""

    __slots__ = ("children", "key")

    def __init__(self, key: int) -> None:
        self.key = key
        self.children: dict[bytes, Directory | int] = {}


class Merged:
    """The tree that layers make, and the keys of the inodes that have several names in their layer."""

    def __init__(self) -> None:
        self.root = Directory(0)
        self.linked: set[int] = set()

    def add(self, source: Source, attributes: Reader, layer: int) -> None:
        """Put a layer on top."""
        self._lay(_Layer(source, attributes, layer))

    def _lay(self, layer: _Layer) -> None:
        pending = [(self.root, layer.root(), "")]
        self.root.key = layer.base | pending[0][1]
        while pending:
            directory, position, path = pending.pop()
            children = directory.children
            if layer.hides(position, path):
                children.clear()
            for name, kind, place, number in layer.names(position, path):
                if kind == DIRECTORY:
                    below = f"{path}/{_shown(name)}" if path else _shown(name)
                    layer.once(place, number, below)
                    child = children.get(name)
                    if child.__class__ is Directory:
                        child.key = layer.base | place
                    else:
                        child = children[name] = Directory(layer.base | place)
                    pending.append((child, place, below))
                elif kind == CHARACTER_DEVICE and not read_device(layer.source, place, path)[0]:
                    children.pop(name, None)
                else:
                    if not layer.is_first(place, number, path):
                        self.linked.add(layer.base | place)
                    children[name] = layer.base | place

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
                start = f"{path}/" if path else ""
                below += [
                    (child, start + _shown(name))
                    for name, child in directory.children.items()
                    if child.__class__ is Directory
                ]
            level = below


class _Layer:
    """One layer while it is read: no directory twice, no number for two inodes, no more than there can be."""

    def __init__(self, source: Source, attributes: Reader, number: int) -> None:
        self.source = source
        self.attributes = attributes
        self.base = number << LAYER_SHIFT
        self._left = len(source.directories.data)
        self._positions = array("Q", bytes(8 * (source.superblock.inodes + 1)))

    def root(self) -> int:
        source = self.source
        block, offset = source.superblock.root >> 16, source.superblock.root & 0xFFFF
        position = source.inodes.blocks.get(block, len(source.inodes.data)) + offset
        if position + HEAD.size > len(source.inodes.data):
            source.bad("its root lies where none can be")
        kind, mode, owner, group, _, number = HEAD.unpack_from(source.inodes.data, position)
        if kind not in (1, 8) or mode >> 12 or max(owner, group) >= len(source.ids):
            source.bad("its root is no directory")
        self.once(position, number, "")
        return position

    def is_first(self, position: int, number: int, path: str) -> bool:
        """Tell whether an inode is met for the first time."""
        if not 0 < number < len(self._positions):
            self.source.bad("a name leads to an inode that is not there", path)
        known = self._positions[number]
        if known and known != position + 1:
            self.source.bad("two inodes have one number", path)
        self._positions[number] = position + 1
        return not known

    def once(self, position: int, number: int, path: str) -> None:
        """Refuse a directory that was met before: it would contain itself, or have two parents."""
        if not self.is_first(position, number, path):
            self.source.bad("a directory is at two places", path)

    def hides(self, position: int, path: str) -> bool:
        xattr = read_directory(self.source, position, path).xattr
        try:
            return is_opaque(self.attributes.read(xattr, path))
        except ValueError as error:
            self.source.bad(str(error), path)

    def names(self, position: int, path: str) -> list[tuple[bytes, int, int, int]]:
        directory = read_directory(self.source, position, path)
        self._left -= directory.size
        if self._left < 0:
            self.source.bad("directories share a list of names", path)
        return read_listing(self.source, directory, path)


def _shown(name: bytes) -> str:
    return name.decode(errors="surrogateescape")
