"""The inodes of the new image. They are stored, not compressed, so every place is known by arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.squashfs import inodes as shape
from modpkg.squashfs.inodes import HEAD, NO_FRAGMENT, NO_XATTR, read_device, read_file, read_pipe, read_target
from modpkg.squashfs.metadata import BLOCK, reference
from modpkg.squashfs.overlay import LAYER_SHIFT, POSITION_MASK
from modpkg.squashfs.xattrs import own

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modpkg.squashfs.layout import LayerData
    from modpkg.squashfs.owners import Owners
    from modpkg.squashfs.xattrs import Reader, Writer

    # Mode, owner, group, time, number: what all inodes have.
    Head = tuple[int, int, int, int, int]

LARGEST_32: Final = 0xFFFF_FFFF
LARGEST_BASIC_LISTING: Final = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A listing that was written: where it begins, its size, its index with the count of that, directories in it."""

    place: int
    size: int
    index: bytes
    indexed: int
    directories: int


class Emitter:
    """Makes the bytes of inodes. `same` maps the key of a file to that of another with equal content."""

    def __init__(
        self,
        data: Sequence[LayerData],
        firsts: Sequence[int],
        same: Mapping[int, int],
        owners: Owners,
        attributes: tuple[Sequence[Reader], Writer],
    ) -> None:
        self._data = data
        self._firsts = firsts
        self._same = same
        self._owners = [owners.of(layer.source.ids) for layer in data]
        self._readers, self._attributes = attributes

    def leaf(self, key: int, number: int, names: int) -> tuple[int, bytes]:
        """Give the basic type and the inode of anything but a directory."""
        layer, position = key >> LAYER_SHIFT, key & POSITION_MASK
        source = self._data[layer].source
        if source.inodes.data[position] == shape.FILE and names == 1 and key not in self._same:
            return shape.FILE, self._basic_file(layer, position, number)
        kind, head = self._head(key, number)
        if kind == shape.FILE:
            return kind, self._file(key, head, names)
        if kind == shape.SYMLINK:
            target, number = read_target(source, position)
            xattr = self._xattr(layer, number)
            real, tail = _kind(kind, xattr)
            return kind, shape.SYMBOLIC_LINK.pack(real, *head, names, len(target)) + target + tail
        if kind in (shape.BLOCK_DEVICE, shape.CHARACTER_DEVICE):
            device, number = read_device(source, position)
            real, tail = _kind(kind, self._xattr(layer, number))
            return kind, shape.DEVICE.pack(real, *head, names, device) + tail
        real, tail = _kind(kind, self._xattr(layer, read_pipe(source, position)))
        return kind, shape.PIPE.pack(real, *head, names) + tail

    def directory(self, key: int, listing: Listing, numbers: tuple[int, int]) -> bytes:
        """Give the inode of a directory; `numbers` are its own and its parent's."""
        number, parent = numbers
        _, head = self._head(key, number)
        layer = key >> LAYER_SHIFT
        inode = shape.read_directory(self._data[layer].source, key & POSITION_MASK)
        xattr = self._xattr(layer, inode.xattr)
        size, links = listing.size + shape.LISTING_EXTRA, listing.directories + 2
        block, offset = reference(listing.place) >> 16, listing.place % BLOCK
        if xattr == NO_XATTR and not listing.indexed and size <= LARGEST_BASIC_LISTING:
            return shape.BASIC_DIRECTORY.pack(shape.DIRECTORY, *head, block, links, size, offset, parent)
        kind = shape.DIRECTORY + shape.EXTENDED
        return (
            shape.EXTENDED_DIRECTORY.pack(
                kind, *head, links, size, block, parent, listing.indexed, offset, xattr
            )
            + listing.index
        )

    def _head(self, key: int, number: int) -> tuple[int, Head]:
        layer = key >> LAYER_SHIFT
        kind, mode, owner, group, time, _ = HEAD.unpack_from(
            self._data[layer].source.inodes.data, key & POSITION_MASK
        )
        owners = self._owners[layer]
        basic = kind - shape.EXTENDED if kind > shape.EXTENDED else kind
        return basic, (mode, owners[owner], owners[group], time, number)

    def _basic_file(self, layer: int, position: int, number: int) -> bytes:
        # What nearly all inodes are: the same as `_file` does, in one go.
        data, owners = self._data[layer], self._owners[layer]
        table = data.source.inodes.data
        _, mode, owner, group, time, _, start, fragment, offset, size = shape.BASIC_FILE.unpack_from(
            table, position
        )
        block_log = data.source.superblock.block_log
        if fragment == NO_FRAGMENT:
            count, offset = -(-size >> block_log), 0
        else:
            count, fragment = size >> block_log, self._firsts[layer] + data.fragments[fragment]
        start = data.moved.get(start, 0) if count else 0
        if start > LARGEST_32:
            head = (mode, owners[owner], owners[group], time, number)
            return self._file(layer << LAYER_SHIFT | position, head, 1)
        inode = shape.BASIC_FILE.pack(
            shape.FILE, mode, owners[owner], owners[group], time, number, start, fragment, offset, size
        )
        if not count:
            return inode
        blocks = position + shape.BASIC_FILE.size
        return inode + table[blocks : blocks + 4 * count]

    def _file(self, key: int, head: Head, names: int) -> bytes:
        layer = key >> LAYER_SHIFT
        file = read_file(self._data[layer].source, key & POSITION_MASK)
        xattr = self._xattr(layer, file.xattr)
        if key in self._same:
            key = self._same[key]
            layer = key >> LAYER_SHIFT
            file = read_file(self._data[layer].source, key & POSITION_MASK)
        data = self._data[layer]
        start = data.moved.get(file.start, 0) if file.blocks else 0
        fragment = NO_FRAGMENT
        if file.fragment != NO_FRAGMENT:
            fragment = self._firsts[layer] + data.fragments[file.fragment]
        offset = file.offset if fragment != NO_FRAGMENT else 0
        small = start <= LARGEST_32 and file.size <= LARGEST_32
        if small and names == 1 and xattr == NO_XATTR and not file.sparse:
            fields = (*head, start, fragment, offset, file.size)
            return shape.BASIC_FILE.pack(shape.FILE, *fields) + file.blocks
        kind = shape.FILE + shape.EXTENDED
        extended = (start, file.size, file.sparse, names, fragment, offset, xattr)
        return shape.EXTENDED_FILE.pack(kind, *head, *extended) + file.blocks

    def _xattr(self, layer: int, number: int) -> int:
        if number == NO_XATTR:
            return number
        return self._attributes.number(own(self._readers[layer].read(number)))


def _kind(basic: int, xattr: int) -> tuple[int, bytes]:
    if xattr == NO_XATTR:
        return basic, b""
    return basic + shape.EXTENDED, shape.WORD.pack(xattr)
