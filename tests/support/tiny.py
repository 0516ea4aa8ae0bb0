"""Tiny squashfs images written byte by byte, without any program and without the code that is tested.

A tree is a mapping: bytes are a file of stored blocks, a mapping is a directory, a str is a symbolic link, and what
else there is, is a `Node`. All metadata fits into one stored block of each table.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

BLOCK: Final = 4096
STORED: Final = 1 << 24
NONE: Final = 0xFFFF_FFFF
ABSENT: Final = 0xFFFF_FFFF_FFFF_FFFF


@dataclass(frozen=True, kw_only=True)
class Node:
    """Anything: a `kind` of the format with a body of its own, or the content of a file or directory with attributes.

    `same` is a name for an inode with several names; the first of them decides what it is.
    """

    kind: int = 2
    content: object = b""
    mode: int = 0o644
    device: int = 0
    xattr: int = NONE
    same: str = ""


@dataclass(kw_only=True)
class Tiny:
    """An image that is made; fields may be changed before `image` is called."""

    tree: Mapping[str, object] | Node
    xattrs: list[list[tuple[int, bytes, bytes]]] = field(default_factory=list)
    ids: tuple[int, ...] = (0, 1000)
    time: int = 7
    compressor: int = 1
    options: bytes = b""

    def image(self) -> bytes:
        """Give the bytes."""
        self._data, self._inodes, self._listings = bytearray(), bytearray(), bytearray()
        self._number = 0
        self._known: dict[str, tuple[int, int, int]] = {}
        start = 96 + (2 + len(self.options) if self.options else 0)
        self._start = start
        whole = self.tree if isinstance(self.tree, Node) else Node(kind=1, mode=0o755, content=self.tree)
        root, _ = self._directory(whole)
        parts = [_stored(self._inodes), _stored(self._listings)]
        inode_table = start + len(self._data)
        directory_table = inode_table + len(parts[0])
        place = directory_table + len(parts[1])
        ids = struct.pack(f"<{len(self.ids)}I", *self.ids)
        parts += [_stored(ids), struct.pack("<Q", place)]
        id_table = place + len(parts[-2])
        place = id_table + 8
        xattr_table = ABSENT
        if self.xattrs:
            pairs, xattr_table = self._pairs(place)
            parts.append(pairs)
            place += len(pairs)
        numbers = (0x73717368, self._number, 0, BLOCK, 0, self.compressor, 12, 0x400 if self.options else 0)
        tables = (root, place, id_table, xattr_table, inode_table, directory_table, ABSENT, ABSENT)
        head = struct.pack("<5I6H8Q", *numbers, len(self.ids), 4, 0, *tables)
        if self.options:
            head += struct.pack("<H", 0x8000 | len(self.options)) + self.options
        image = head + bytes(self._data) + b"".join(parts)
        return image + bytes(-len(image) % BLOCK)

    def _pairs(self, place: int) -> tuple[bytes, int]:
        pairs, sets = bytearray(), b""
        for attributes in self.xattrs:
            sets += struct.pack("<QII", len(pairs), len(attributes), 0)
            for kind, name, value in attributes:
                pairs += struct.pack("<HH", kind, len(name)) + name + struct.pack("<I", len(value)) + value
        blocks = _stored(pairs)
        found = blocks + _stored(sets)
        header = struct.pack("<QII", place, len(self.xattrs), 0) + struct.pack("<Q", place + len(blocks))
        return found + header, place + len(found)

    def _directory(self, node: Node) -> tuple[int, int]:
        assert hasattr(node.content, "items")
        entries = [(name.encode(), *self._child(child)) for name, child in sorted(node.content.items())]
        place = len(self._listings)
        for name, kind, position, number in entries:
            self._listings += struct.pack("<3I", 0, 0, number) + struct.pack(
                "<HhHH", position, 0, kind, len(name) - 1
            )
            self._listings += name
        size = len(self._listings) - place + 3
        links = 2 + sum(kind == 1 for _, kind, _, _ in entries)
        position, number = self._head(8, node)
        self._inodes += struct.pack("<4I2HI", links, size, 0, 99, 0, place, node.xattr)
        return position, number

    def _child(self, child: object) -> tuple[int, int, int]:
        if isinstance(child, dict):
            child = Node(kind=1, content=child, mode=0o755)
        elif isinstance(child, (bytes, str)):
            child = Node(kind=2 if isinstance(child, bytes) else 3, content=child)
        assert isinstance(child, Node)
        if child.same in self._known:
            return self._known[child.same]
        found = (child.kind, *(self._directory(child) if child.kind == 1 else self._leaf(child)))
        if child.same:
            self._known[child.same] = found
        return found

    def _leaf(self, node: Node) -> tuple[int, int]:
        place = self._head(node.kind + 7, node)
        if node.kind == 2:
            assert isinstance(node.content, bytes)
            chunks = [node.content[n : n + BLOCK] for n in range(0, len(node.content), BLOCK)]
            start, size = self._start + len(self._data), len(node.content)
            self._data += node.content
            self._inodes += struct.pack("<3Q4I", start, size, 0, 1, NONE, 0, node.xattr)
            self._inodes += b"".join(struct.pack("<I", STORED | len(chunk)) for chunk in chunks)
        elif node.kind == 3:
            assert isinstance(node.content, str)
            target = node.content.encode()
            self._inodes += struct.pack("<2I", 1, len(target)) + target + struct.pack("<I", node.xattr)
        elif node.kind in (4, 5):
            self._inodes += struct.pack("<3I", 1, node.device, node.xattr)
        else:
            self._inodes += struct.pack("<2I", 1, node.xattr)
        return place

    def _head(self, kind: int, node: Node) -> tuple[int, int]:
        place = len(self._inodes)
        self._number += 1
        self._inodes += struct.pack("<4H2I", kind, node.mode, 0, len(self.ids) - 1, self.time, self._number)
        return place, self._number


def _stored(data: bytes | bytearray) -> bytes:
    assert len(data) <= 8192
    return struct.pack("<H", 0x8000 | len(data)) + data if data else b""


def zipped(data: bytes) -> bytes:
    """Give a compressed metadata block with its header, as an image of compressor 1 has it."""
    content = zlib.compress(data)
    return struct.pack("<H", len(content)) + content
