"""A whole image on the disk: superblock, data, tables, in the order in which the kernel wants them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.squashfs.metadata import STORED, reference, stored, stored_lookup
from modpkg.squashfs.source import FRAGMENT_BYTES, XATTR_HEADER
from modpkg.squashfs.superblock import (
    ABSENT,
    COMPRESSOR_OPTIONS,
    DUPLICATES,
    STORED_IDS,
    STORED_INODES,
    STORED_XATTRS,
    Superblock,
)
from modpkg.squashfs.transfer import transfer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.squashfs.layout import Run
    from modpkg.squashfs.owners import Owners
    from modpkg.squashfs.source import Source
    from modpkg.squashfs.tree import Written
    from modpkg.squashfs.xattrs import Writer

# A loop device has whole pages.
PADDING: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All that an image consists of: bytes to copy and where they end, the tree, and what inodes name by number."""

    runs: list[Run]
    end: int
    tree: Written
    fragments: bytes
    owners: Owners
    attributes: Writer


def write_image(descriptor: int, sources: Sequence[Source], content: Content, *, time: int) -> None:
    """Write an image into an empty file: settings are those of the first source, data comes from all."""
    os.ftruncate(descriptor, content.end)
    for run in content.runs:
        transfer(sources[run.layer].descriptor, run.start, descriptor, run.target, run.size)
    tables, superblock = _tables(content, sources[0], time)
    options = sources[0].options
    head = superblock.packed()
    if options:
        head += (STORED | len(options)).to_bytes(2, "little") + options
    with os.fdopen(os.dup(descriptor), "r+b") as stream:
        stream.write(head)
        stream.seek(content.end)
        stream.write(tables)
        stream.write(bytes(-superblock.bytes_used % PADDING))


def _tables(content: Content, first: Source, time: int) -> tuple[bytes, Superblock]:
    parts = [stored(content.tree.inodes), stored(content.tree.listings)]
    directory_table = content.end + len(parts[0])
    place = directory_table + len(parts[1])
    fragment_table = xattr_table = ABSENT
    if content.fragments:
        table, fragment_table = stored_lookup(content.fragments, place)
        parts.append(table)
        place += len(table)
    ids, id_count = content.owners.table()
    table, id_table = stored_lookup(ids, place)
    parts.append(table)
    place += len(table)
    if content.attributes:
        table, xattr_table = _attributes(content.attributes, place)
        parts.append(table)
        place += len(table)
    flags = STORED_INODES | STORED_XATTRS | STORED_IDS | DUPLICATES
    return b"".join(parts), first.superblock._replace(
        inodes=content.tree.count,
        time=time,
        fragments=len(content.fragments) // FRAGMENT_BYTES,
        flags=flags | (COMPRESSOR_OPTIONS if first.options else 0),
        ids=id_count,
        root=reference(content.tree.root),
        bytes_used=place,
        id_table=id_table,
        xattr_table=xattr_table,
        inode_table=content.end,
        directory_table=directory_table,
        fragment_table=fragment_table,
        export_table=ABSENT,
    )


def _attributes(attributes: Writer, place: int) -> tuple[bytes, int]:
    # Pairs, sets, a header, the index of the sets: the one table with something before its index.
    pairs, sets = attributes.tables()
    blocks = stored(pairs)
    table, index = stored_lookup(sets, place + len(blocks))
    size = index - place - len(blocks)
    header = XATTR_HEADER.pack(place, len(attributes), 0)
    return blocks + table[:size] + header + table[size:], index
