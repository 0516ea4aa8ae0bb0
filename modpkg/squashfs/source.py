"""An opened squashfs: its tables decompressed, in the order and with the checks of the kernel's own reader."""

from __future__ import annotations

import os
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from modpkg.errors import BadInputError
from modpkg.squashfs.codec import decompressor
from modpkg.squashfs.metadata import BLOCK, HEADER, MOST_BYTES, STORED, Table, parse_table
from modpkg.squashfs.superblock import (
    ABSENT,
    COMPRESSOR_OPTIONS,
    COMPRESSORS,
    SIZE,
    Superblock,
    parse_superblock,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from modpkg.squashfs.codec import Decompress

ID_BYTES: Final = 4
FRAGMENT_BYTES: Final = 16
XATTR_BYTES: Final = 16
EXPORT_BYTES: Final = 8
MOST_OPTIONS: Final = 64
# An inode of a fifo or socket, the smallest.
SMALLEST_INODE: Final = 20
# What readers of inodes, names and attributes raise for what cannot be.
FAULTS: Final = (ValueError, struct.error)

XATTR_HEADER: Final = struct.Struct("<QII")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One image: `name` is what errors call it, `options` what its compressor was told, as bytes."""

    name: str
    descriptor: int
    superblock: Superblock
    decompress: Decompress
    options: bytes
    data_start: int
    ids: tuple[int, ...]
    inodes: Table
    directories: Table
    fragments: tuple[tuple[int, int, int], ...]
    xattr_ids: tuple[tuple[int, int, int], ...]
    xattrs: Table

    def refuse(self, error: Exception, path: str, name: bytes = b"") -> NoReturn:
        """Refuse the image for one of `FAULTS` at `name` in the directory `path`."""
        what = "its inode is cut short" if isinstance(error, struct.error) else str(error)
        path = joined(path, name) if name else path
        shown = path.encode(errors="surrogateescape").decode(errors="backslashreplace")
        # A hostile name must not write to the terminal what it likes.
        shown = shown if shown.isprintable() else ascii(shown)[1:-1]
        _refuse(self.name, f"/{shown}: {what}")


def joined(path: str, name: bytes) -> str:
    """Give the path of a name in a directory; what is not UTF-8 is escaped as Python does for file names."""
    shown = name.decode(errors="surrogateescape")
    return f"{path}/{shown}" if path else shown


def _refuse(name: str, what: str) -> NoReturn:
    raise BadInputError(
        f"cannot read a squashfs: {what}", where=name, hint="it is corrupt: fetch or build it again"
    )


@contextmanager
def open_source(name: str, path: Path) -> Iterator[Source]:
    """Open an image and read its tables; raises BadInputError with `name` for one that is not as it should be."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield _Opening(name, descriptor).source()
    finally:
        os.close(descriptor)


class _Opening:
    """Reads tables from the last to the first: where one begins, the one before it ends."""

    def __init__(self, name: str, descriptor: int) -> None:
        self.name = name
        self.descriptor = descriptor
        try:
            self.superblock = parse_superblock(os.pread(descriptor, SIZE, 0))
            self.decompress = decompressor(COMPRESSORS[self.superblock.compressor])
        except ValueError as error:
            _refuse(name, str(error))
        self.end = self.superblock.bytes_used
        if self.end > os.fstat(descriptor).st_size:
            _refuse(name, f"it is cut short: it should have {self.end} bytes")

    def source(self) -> Source:
        """Read all tables."""
        options, data_start = self._options()
        xattr_ids, xattrs = self._xattrs()
        ids = self._lookup("owners", self.superblock.id_table, self.superblock.ids, ID_BYTES)
        if self.superblock.export_table != ABSENT:
            self._lookup("exports", self.superblock.export_table, self.superblock.inodes, EXPORT_BYTES)
        fragments = b""
        if self.superblock.fragments:
            table, count = self.superblock.fragment_table, self.superblock.fragments
            fragments = self._lookup("fragments", table, count, FRAGMENT_BYTES)
        directories = self._table("directories", self.superblock.directory_table, self.end)
        inodes = self._table("inodes", self.superblock.inode_table, self.superblock.directory_table)
        if self.superblock.inodes > len(inodes.data) // SMALLEST_INODE:
            _refuse(self.name, f"it counts {self.superblock.inodes} inodes and cannot hold that many")
        return Source(
            name=self.name,
            descriptor=self.descriptor,
            superblock=self.superblock,
            decompress=self.decompress,
            options=options,
            data_start=data_start,
            ids=struct.unpack(f"<{len(ids) // ID_BYTES}I", ids),
            inodes=inodes,
            directories=directories,
            fragments=tuple(struct.iter_unpack("<QII", fragments)),
            xattr_ids=xattr_ids,
            xattrs=xattrs,
        )

    def _options(self) -> tuple[bytes, int]:
        if not self.superblock.flags & COMPRESSOR_OPTIONS:
            return b"", SIZE
        header = int.from_bytes(os.pread(self.descriptor, HEADER, SIZE), "little")
        size = header & ~STORED
        content = os.pread(self.descriptor, size, SIZE + HEADER) if size <= MOST_OPTIONS else b""
        if not header & STORED or not size or len(content) != size:
            _refuse(self.name, "the options of its compressor are not what they should be")
        return content, SIZE + HEADER + size

    def _xattrs(self) -> tuple[tuple[tuple[int, int, int], ...], Table]:
        table = self.superblock.xattr_table
        if table == ABSENT:
            return (), Table(data=b"", blocks={})
        start, count, _ = XATTR_HEADER.unpack(self._read("attributes", table, table + XATTR_HEADER.size))
        if not count:
            _refuse(self.name, "its table of attributes is empty")
        found = self._lookup("attributes", table + XATTR_HEADER.size, count, XATTR_BYTES, index=table)
        attributes = self._table("attributes", start, self.end)
        self.end = start
        return tuple(struct.iter_unpack("<QII", found)), attributes

    def _lookup(self, what: str, start: int, count: int, size: int, *, index: int = 0) -> bytes:
        # A table with an index behind it. `index` is where the index begins, if a header stands before it.
        entries = -(-count * size // BLOCK)
        if self.end - start != entries * 8 or count * size > MOST_BYTES:
            _refuse(self.name, f"its table of {what} has another size than it says")
        places = struct.unpack(f"<{entries}Q", self._read(what, start, self.end))
        table = self._table(what, places[0], index or start)
        if places != tuple(places[0] + block for block in table.blocks) or len(table.data) != count * size:
            _refuse(self.name, f"its table of {what} does not agree with its index")
        self.end = places[0]
        return table.data

    def _table(self, what: str, start: int, end: int) -> Table:
        try:
            return parse_table(self._read(what, start, end), self.decompress)
        except ValueError as error:
            _refuse(self.name, f"its table of {what}: {error}")

    def _read(self, what: str, start: int, end: int) -> bytes:
        if not SIZE <= start <= end <= self.superblock.bytes_used or end - start > 2 * MOST_BYTES:
            _refuse(self.name, f"its table of {what} lies where none can be")
        content = os.pread(self.descriptor, end - start, start)
        if len(content) != end - start:
            _refuse(self.name, "it is cut short")
        return content
