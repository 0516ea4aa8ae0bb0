"""Many squashfs images to one at the cost of copying them: blocks stay as they are, only metadata is written anew.

How it works: docs/explanation/splice.md.
"""

from __future__ import annotations

import gc
import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.host.files import Receipt, new_file, receipt_of
from modpkg.squashfs.duplicates import FILES, find_duplicates
from modpkg.squashfs.emit import Emitter
from modpkg.squashfs.layout import LayerData, fragment_table
from modpkg.squashfs.overlay import LAYER_SHIFT, POSITION_MASK, Directory, Merged
from modpkg.squashfs.owners import Owners
from modpkg.squashfs.source import FAULTS, Source, open_source
from modpkg.squashfs.superblock import COMPRESSORS
from modpkg.squashfs.tables import Content, write_image
from modpkg.squashfs.tree import TreeWriter
from modpkg.squashfs.xattrs import Reader, Writer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from modpkg.squashfs.layout import Run


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
        content = _plan(sources, [layer.digests for layer in layers], exclude)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            write_image(descriptor, sources, content, time=time)
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


def _plan(
    sources: Sequence[Source], digests: Sequence[Mapping[str, str]], exclude: Collection[str]
) -> Content:
    # Merges the trees, finds a place for all data, and makes inodes and lists of names in memory.
    readers = [Reader(source) for source in sources]
    merged = Merged()
    for number, source in enumerate(sources):
        merged.add(source, readers[number], number)
    merged.remove(exclude)
    directories = list(merged.directories())
    same = find_duplicates(directories, sources, digests)
    data = [LayerData(source) for source in sources]
    _use(directories, data, merged.linked, same)
    runs: list[Run] = []
    end = sources[0].data_start
    for number, one in enumerate(data):
        more, end = one.place(number, end)
        runs += more
    fragments, firsts = fragment_table(data)
    owners, attributes = Owners(), Writer()
    emitter = Emitter(data, firsts, same, owners, (readers, attributes))
    written = TreeWriter(directories, merged.linked, emitter, sources).write()
    return Content(
        runs=runs, end=end, tree=written, fragments=fragments, owners=owners, attributes=attributes
    )


def _use(
    directories: Sequence[tuple[Directory, str]],
    data: Sequence[LayerData],
    linked: Collection[int],
    same: Mapping[int, int],
) -> None:
    # Tells the layers which of their files are left.
    tables = [one.source.inodes.data for one in data]
    done: set[int] = set()
    for directory, path in directories:
        for name, key in directory.children.items():
            if isinstance(key, Directory) or key in same or key in done:
                continue
            layer, position = key >> LAYER_SHIFT, key & POSITION_MASK
            if tables[layer][position] not in FILES:
                continue
            if key in linked:
                done.add(key)
            try:
                data[layer].use(position)
            except FAULTS as error:
                data[layer].source.refuse(error, path, name)
