"""Many squashfs images to one at the cost of copying them: blocks stay as they are, only metadata is written anew.

How it works: docs/explanation/splice.md.
"""

from __future__ import annotations

import gc
import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError
from modpkg.host.files import Receipt, new_file, receipt_of
from modpkg.squashfs.emit import Emitter
from modpkg.squashfs.inodes import EXTENDED, FILE
from modpkg.squashfs.layout import LayerData, Run, fragment_table
from modpkg.squashfs.metadata import STORED, reference, stored, stored_lookup
from modpkg.squashfs.overlay import LAYER_SHIFT, POSITION_MASK, Directory, Merged
from modpkg.squashfs.owners import Owners
from modpkg.squashfs.source import Source, open_source
from modpkg.squashfs.superblock import (
    ABSENT,
    COMPRESSOR_OPTIONS,
    COMPRESSORS,
    DUPLICATES,
    STORED_IDS,
    STORED_INODES,
    STORED_XATTRS,
    Superblock,
)
from modpkg.squashfs.transfer import transfer
from modpkg.squashfs.tree import TreeWriter
from modpkg.squashfs.xattrs import Reader, Writer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from modpkg.squashfs.tree import Written

# Loop devices have whole pages.
PADDING: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class SpliceLayer:
    """One image to merge. `name` is what errors call it; `digests` give the sha256 of files by path (no slash before).

    Files of equal digests are stored once. Digests are believed: they have to come from where the image was made.
    """

    name: str
    path: Path
    digests: Mapping[str, str] = field(default_factory=dict)


def splice(
    layers: Sequence[SpliceLayer], destination: Path, *, time: int, exclude: Collection[str] = ()
) -> Receipt:
    """Merge images, the lowest first, into a squashfs at `destination`.

    `time` is that of the superblock, in seconds since 1970. `exclude` are paths without a leading slash that stay out,
    with all below them. Equal images, digests and arguments give equal bytes. Raises BadInputError, which names the
    layer, for an image that is corrupt or was made with other settings; then nothing is written.
    """
    with new_file(destination) as temporary:
        write_splice(layers, temporary, time=time, exclude=exclude)
        receipt = receipt_of(temporary)
    return Receipt(path=destination, size=receipt.size, sha256=receipt.sha256)


def write_splice(
    layers: Sequence[SpliceLayer], path: Path, *, time: int, exclude: Collection[str] = ()
) -> None:
    """Do what `splice` does, but write `path` itself, and do not read it back for its digest."""
    if not layers:
        raise BadInputError("cannot make a squashfs of no layers")
    with _without_collector(), ExitStack() as stack:
        sources = [stack.enter_context(open_source(layer.name, layer.path)) for layer in layers]
        _check_settings(sources)
        job = _Job(layers, sources, exclude)
        written = job.plan()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            job.write(descriptor, written, time)
        finally:
            os.close(descriptor)


@contextmanager
def _without_collector() -> Iterator[None]:
    # Nothing here makes cycles, and the collector would look at every name again and again.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _check_settings(sources: Sequence[Source]) -> None:
    first = sources[0]
    for other in sources[1:]:
        for what, found, wanted in (
            ("compressor", _compressor(other), _compressor(first)),
            ("block size", str(other.superblock.block_size), str(first.superblock.block_size)),
            ("compressor options", _options(other), _options(first)),
        ):
            if found != wanted:
                raise BadInputError(
                    f"cannot merge it with {first.name}: its {what} is {found}, not {wanted}",
                    where=other.name,
                    hint="build both with the same squashfs settings: they belong to the platform",
                )


def _compressor(source: Source) -> str:
    return COMPRESSORS[source.superblock.compressor]


def _options(source: Source) -> str:
    return source.options.hex() or "default"


class _Job:
    """One splice: what is merged, which data is used, where it goes."""

    def __init__(
        self, layers: Sequence[SpliceLayer], sources: Sequence[Source], exclude: Collection[str]
    ) -> None:
        self._layers = layers
        self._sources = sources
        self._exclude = exclude
        self._data = [LayerData(source) for source in sources]
        self._owners = Owners()
        self._attributes = Writer()
        self._runs: list[Run] = []
        self._end = 0
        self._fragments = b""

    def plan(self) -> Written:
        """Merge the trees, place the data, write inodes and listings in memory."""
        merged = Merged()
        readers = [Reader(source) for source in self._sources]
        for number, (source, reader) in enumerate(zip(self._sources, readers, strict=True)):
            merged.add(source, reader, number)
        merged.remove(self._exclude)
        directories = list(merged.directories())
        same = self._use(directories)
        self._end = self._sources[0].data_start
        for number, data in enumerate(self._data):
            runs, self._end = data.place(number, self._end)
            self._runs += runs
        self._fragments, firsts = fragment_table(self._data)
        emitter = Emitter(self._data, firsts, same, self._owners, (readers, self._attributes))
        return TreeWriter(merged, emitter, directories).write()

    def _use(self, directories: Sequence[tuple[Directory, str]]) -> dict[int, int]:
        # Gives the files whose content is taken from another: key -> key.
        self._originals(directories)
        same: dict[int, int] = {}
        tables = [source.inodes.data for source in self._sources]
        for directory, path in directories:
            for key in directory.children.values():
                if isinstance(key, Directory):
                    continue
                layer, position = key >> LAYER_SHIFT, key & POSITION_MASK
                if tables[layer][position] not in (FILE, FILE + EXTENDED):
                    continue
                self._data[layer].use(position, path)
        return same

    def _originals(self, directories: Sequence[tuple[Directory, str]]) -> dict[int, int]:
        return {}

    def write(self, descriptor: int, written: Written, time: int) -> None:
        """Copy the data and write the tables behind it."""
        os.ftruncate(descriptor, self._end)
        for run in self._runs:
            transfer(self._sources[run.layer].descriptor, run.start, descriptor, run.target, run.size)
        tables, superblock = self._tables(written, time)
        options = self._sources[0].options
        head = superblock.packed()
        if options:
            head += (STORED | len(options)).to_bytes(2, "little") + options
        os.pwrite(descriptor, head, 0)
        padding = -superblock.bytes_used % PADDING
        with os.fdopen(os.dup(descriptor), "r+b") as stream:
            stream.seek(self._end)
            stream.write(tables + bytes(padding))

    def _tables(self, written: Written, time: int) -> tuple[bytes, Superblock]:
        parts = [stored(written.inodes), stored(written.listings)]
        inode_table = self._end
        directory_table = inode_table + len(parts[0])
        place = directory_table + len(parts[1])
        fragment_table = id_table = xattr_table = ABSENT
        if self._fragments:
            content, fragment_table = stored_lookup(self._fragments, place)
            parts.append(content)
            place += len(content)
        ids, id_count = self._owners.table()
        content, id_table = stored_lookup(ids, place)
        parts.append(content)
        place += len(content)
        pairs, sets, set_count = self._attributes.tables()
        if set_count:
            start = place
            pair_blocks = stored(pairs)
            content, xattr_table = stored_lookup(sets, place + len(pair_blocks))
            size = xattr_table - place - len(pair_blocks)
            header = start.to_bytes(8, "little") + set_count.to_bytes(4, "little") + bytes(4)
            parts += [pair_blocks, content[:size], header, content[size:]]
            place += len(pair_blocks) + len(content) + len(header)
        first = self._sources[0]
        flags = STORED_INODES | STORED_XATTRS | STORED_IDS | DUPLICATES
        superblock = first.superblock._replace(
            inodes=written.count,
            time=time,
            fragments=len(self._fragments) // 16,
            flags=flags | (COMPRESSOR_OPTIONS if first.options else 0),
            ids=id_count,
            root=reference(written.root),
            bytes_used=place,
            id_table=id_table,
            xattr_table=xattr_table,
            inode_table=inode_table,
            directory_table=directory_table,
            fragment_table=fragment_table,
            export_table=ABSENT,
        )
        return b"".join(parts), superblock
