"""What is in a squashfs, without mounting it: its tree, single files, chosen paths unpacked.

    with open_image(path) as image:
        image.tree["etc/hostname"].size
        image.read("etc/hostname")

Needs no root and no program. Formats: squashfs 4.0 with gzip, xz, lz4 or zstd.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from modpkg.errors import BadInputError
from modpkg.squashfs import inodes as shape
from modpkg.squashfs.content import fetcher, file_blocks
from modpkg.squashfs.inodes import HEAD, NO_XATTR
from modpkg.squashfs.layout import LayerData
from modpkg.squashfs.overlay import POSITION_MASK, Directory, Merged
from modpkg.squashfs.source import FAULTS, Source, joined, open_source
from modpkg.squashfs.xattrs import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from modpkg.squashfs.xattrs import Attributes

KINDS: Final = {
    shape.DIRECTORY: "dir",
    shape.FILE: "file",
    shape.SYMLINK: "symlink",
    shape.BLOCK_DEVICE: "block",
    shape.CHARACTER_DEVICE: "char",
    shape.FIFO: "fifo",
    shape.SOCKET: "socket",
}
# What is read into memory at once.
MOST_BYTES: Final = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One path. `kind` is a word of `KINDS`, `time` in seconds since 1970, `device` as in the inode.

    `number` is equal for hard links of one file. `size` is that of a file or of a link's target.
    """

    kind: str
    mode: int
    owner: int
    group: int
    time: int
    number: int
    size: int = 0
    target: bytes = b""
    device: int = 0
    attributes: Attributes = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """All paths of an image but its root, without a leading slash, sorted; and the root."""

    root: Entry
    paths: Mapping[str, Entry]

    def __getitem__(self, path: str) -> Entry:
        return self.paths[path]

    def __contains__(self, path: object) -> bool:
        return path in self.paths


class Image:
    """An opened image whose whole tree was read and checked."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._attributes = Reader(source)
        self._data = LayerData(source)
        self._positions: dict[str, int] = {}
        self._used: set[int] = set()
        self.tree = self._read_tree()

    def read(self, path: str, *, most: int = MOST_BYTES) -> bytes:
        """Give the content of a file that has at most `most` bytes; raises BadInputError for any other path."""
        entry = self.tree.paths.get(path)
        if entry is None or entry.kind != "file":
            self.refuse(f"there is no file /{path}")
        if entry.size > most:
            self.refuse(f"/{path} has {entry.size} bytes, more than {most}")
        return b"".join(content or bytes(size) for content, size in self.blocks(path))

    def blocks(self, path: str) -> Iterator[tuple[bytes, int]]:
        """Give the content of a file block by block, each with its size in bytes; no content for a hole."""
        try:
            file = shape.read_file(self._source, self._positions[path])
            yield from file_blocks(self._source, file, fetcher(self._source))
        except FAULTS as error:
            self._source.refuse(error, path)

    def refuse(self, what: str) -> NoReturn:
        """Raise an error that names the image."""
        raise BadInputError(f"cannot read from a squashfs: {what}", where=self._source.name)

    def _read_tree(self) -> Tree:
        merged = Merged(plain=True)
        merged.add(self._source, self._attributes, 0)
        found: dict[str, Entry] = {}
        left = MOST_BYTES
        for directory, path in merged.directories():
            for name, child in directory.children.items():
                key = child.key if isinstance(child, Directory) else child
                whole = joined(path, name)
                left -= len(whole)
                if left < 0:
                    self.refuse("its paths are more than fit into memory")
                found[whole] = self._entry(key & POSITION_MASK, whole)
        root = self._entry(merged.root.key & POSITION_MASK, "")
        return Tree(root=root, paths=dict(sorted(found.items())))

    def _entry(self, position: int, path: str) -> Entry:
        try:
            return self._described(position, path)
        except FAULTS as error:
            self._source.refuse(error, path)

    def _described(self, position: int, path: str) -> Entry:
        source = self._source
        kind, mode, owner, group, time, number = HEAD.unpack_from(source.inodes.data, position)
        kind = kind - shape.EXTENDED if kind > shape.EXTENDED else kind
        size, target, device, xattr = 0, b"", 0, NO_XATTR
        if kind == shape.FILE:
            if position not in self._used:
                self._used.add(position)
                self._data.use(position)
            file = shape.read_file(source, position)
            size, xattr = file.size, file.xattr
            self._positions[path] = position
        elif kind == shape.DIRECTORY:
            xattr = shape.read_directory(source, position).xattr
        elif kind == shape.SYMLINK:
            target, xattr = shape.read_target(source, position)
            size = len(target)
        elif kind in (shape.BLOCK_DEVICE, shape.CHARACTER_DEVICE):
            device, xattr = shape.read_device(source, position)
        else:
            xattr = shape.read_pipe(source, position)
        return Entry(
            kind=KINDS[kind],
            mode=mode,
            owner=source.ids[owner],
            group=source.ids[group],
            time=time,
            number=number,
            size=size,
            target=target,
            device=device,
            attributes=self._attributes.read(xattr),
        )


@contextmanager
def open_image(path: Path, *, name: str = "") -> Iterator[Image]:
    """Open an image; `name` is what errors call it, by default its path. BadInputError for one that is corrupt."""
    with open_source(name or os.fspath(path), path) as source:
        yield Image(source)


def read_tree(path: Path, *, name: str = "") -> Tree:
    """Give what an image holds."""
    with open_image(path, name=name) as image:
        return image.tree


def read_file(path: Path, file: str, *, name: str = "") -> bytes:
    """Give the content of one file of an image."""
    with open_image(path, name=name) as image:
        return image.read(file)
