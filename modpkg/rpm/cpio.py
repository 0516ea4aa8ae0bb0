"""The payload of an .rpm: cpio in newc form, all owned by root.

Writes and reads headers one by one; names read are compared and never become paths.
"""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING, Final

from modpkg.formats.reading import Section, sound_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modpkg.formats.reading import Readable

ALIGNMENT: Final = 4
HEADER_BYTES: Final = 110
HEADER: Final = re.compile(rb"070701[0-9A-Fa-f]{104}")
# Eight digits each, after the magic; the others do not matter to a reader.
MODE, FILE_SIZE, NAME_SIZE = (slice(6 + 8 * place, 14 + 8 * place) for place in (1, 6, 11))
END_NAME: Final = "TRAILER!!!"
LONGEST_NAME: Final = 4096


def header(name: str, *, mode: int, size: int, mtime: int, inode: int) -> bytes:
    """Give the header and name of an entry, padded; `name` as rpm wants it begins with `./`."""
    encoded = name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, 0, 0, links, mtime, size, 0, 0, 0, 0, len(encoded), 0)
    raw = b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
    return raw + padding(len(raw))


def end() -> bytes:
    """Give the entry that ends an archive."""
    return header(END_NAME, mode=0, size=0, mtime=0, inode=0)


def padding(size: int) -> bytes:
    """Give the zeros that follow `size` bytes."""
    return bytes(-size % ALIGNMENT)


def walk(stream: Readable) -> Iterator[tuple[str, Section]]:
    """Give each file with its content, to be read before the next one; what is left of it is skipped.

    Only plain files and directories inside the package pass; anything else raises ValueError.
    """
    while True:
        raw = stream.read(HEADER_BYTES)
        if not HEADER.fullmatch(raw):
            raise ValueError("its payload is no cpio archive")
        mode, size, name_size = (int(raw[field], 16) for field in (MODE, FILE_SIZE, NAME_SIZE))
        name = _name(stream, name_size)
        if name == END_NAME:
            break
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise ValueError(f"{name!r} is neither a file nor a directory")
        path, content = sound_name(name), Section(stream, size)
        if stat.S_ISREG(mode):
            yield path, content
        content.skip()
        if size % ALIGNMENT:
            Section(stream, -size % ALIGNMENT).skip()
    while stream.read(HEADER_BYTES):
        pass


def _name(stream: Readable, size: int) -> str:
    if not 0 < size <= LONGEST_NAME:
        raise ValueError("its payload has a name that is too long")
    raw = Section(stream, size + -(HEADER_BYTES + size) % ALIGNMENT)
    return raw.read(raw.left)[: size - 1].decode()
