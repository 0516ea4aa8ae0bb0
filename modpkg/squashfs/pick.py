"""Single files of an image by their paths: only the directories on the way are read, not the whole tree.

What is read is checked as `modpkg.squashfs.read` checks it; what is not read is not judged.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from modpkg.squashfs import inodes as shape
from modpkg.squashfs.content import fetcher, file_blocks, file_span
from modpkg.squashfs.inodes import HEAD, read_directory, read_file
from modpkg.squashfs.layout import LayerData
from modpkg.squashfs.listing import read_listing
from modpkg.squashfs.read import MOST_BYTES
from modpkg.squashfs.source import FAULTS, Source, open_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from modpkg.squashfs.inodes import FileInode

# Small files that follow each other share a block.
BLOCKS_KEPT: Final = 4


class Picker:
    """An opened image, of which files are asked for one by one."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._fetch = lru_cache(maxsize=BLOCKS_KEPT)(fetcher(source))
        self._data = LayerData(source)
        self._used: set[int] = set()
        self._directories: dict[int, dict[bytes, tuple[int, int]]] = {}

    def read(self, path: str) -> bytes:
        """Give the content of a regular file; raises FileNotFoundError where there is none.

        Raises BadInputError for an image that is corrupt on the way to it, and for a file that no memory is for.
        """
        try:
            file = self._file(path)
            if file.size > MOST_BYTES:
                raise ValueError(f"it has {file.size} bytes, more than {MOST_BYTES}")
            blocks = file_blocks(self._source, file, self._fetch)
            return b"".join(content or bytes(size) for content, size in blocks)
        except FAULTS as error:
            self._source.refuse(error, path)

    def size(self, path: str) -> int:
        """Give the bytes that a regular file has; raises what `read` does."""
        try:
            return self._file(path).size
        except FAULTS as error:
            self._source.refuse(error, path)

    def read_span(self, path: str, start: int, end: int) -> bytes:
        """Give the bytes of a file from `start` to before `end`, as far as it has them; raises what `read` does."""
        try:
            if end - start > MOST_BYTES:
                raise ValueError(f"{end - start} bytes are asked for, more than {MOST_BYTES}")
            return file_span(self._source, self._file(path), self._fetch, (start, end))
        except FAULTS as error:
            self._source.refuse(error, path)

    def _file(self, path: str) -> FileInode:
        position = self._find(path)
        if position not in self._used:
            self._used.add(position)
            self._data.use(position)
        return read_file(self._source, position)

    def _find(self, path: str) -> int:
        kind, position = shape.DIRECTORY, self._root()
        for name in path.encode(errors="surrogateescape").split(b"/"):
            found = self._names(position).get(name) if kind == shape.DIRECTORY else None
            if found is None:
                raise FileNotFoundError(path)
            kind, position = found
        if kind != shape.FILE:
            raise FileNotFoundError(path)
        return position

    def _root(self) -> int:
        source = self._source
        block, offset = source.superblock.root >> 16, source.superblock.root & 0xFFFF
        position = source.inodes.blocks.get(block, len(source.inodes.data)) + offset
        kind = HEAD.unpack_from(source.inodes.data, position)[0]
        if kind not in (shape.DIRECTORY, shape.DIRECTORY + shape.EXTENDED):
            raise ValueError("its root is no directory")
        return position

    def _names(self, position: int) -> dict[bytes, tuple[int, int]]:
        if position not in self._directories:
            listed = read_listing(self._source, read_directory(self._source, position))
            self._directories[position] = {name: (kind, place) for name, kind, place, _ in listed}
        return self._directories[position]


@contextmanager
def open_picker(path: Path, *, name: str = "") -> Iterator[Picker]:
    """Open an image; `name` is what errors call it, by default its path. BadInputError for one that is corrupt."""
    with open_source(name or os.fspath(path), path) as source:
        yield Picker(source)
