"""The inner archives of a .deb: tar in ustar form, all owned by root.

Writes and reads headers one by one; names read are compared and never become paths.
"""

from __future__ import annotations

import stat
import tarfile
from typing import TYPE_CHECKING, Final

from modpkg.formats.reading import Readable, Section, sound_name

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK: Final = 512
END: Final = bytes(2 * BLOCK)
LARGEST_FILE: Final = 8**11 - 1
FILE_TYPES: Final = (tarfile.REGTYPE, tarfile.AREGTYPE)


def header(path: str, *, mode: int, size: int, mtime: int) -> bytes:
    """Give the header of a directory or file of root; the path, without leading slash, gets dpkg's `./`."""
    entry = tarfile.TarInfo(f"./{path}")
    entry.type = tarfile.DIRTYPE if stat.S_ISDIR(mode) else tarfile.REGTYPE
    entry.mode = stat.S_IMODE(mode)
    entry.size = size
    entry.mtime = mtime
    entry.uname = entry.gname = "root"
    return entry.tobuf(tarfile.USTAR_FORMAT, encoding="utf-8", errors="strict")


def space(size: int) -> int:
    """Give how many bytes an entry takes: its header, its content, its padding."""
    return BLOCK + size + -size % BLOCK


def padding(size: int) -> bytes:
    """Give the zeros that fill a file's last block."""
    return bytes(-size % BLOCK)


def walk(stream: Readable) -> Iterator[tuple[str, Section]]:
    """Give each file with its content, to be read before the next one; what is left of it is skipped.

    Only plain files and directories inside the package pass: links, devices, paths that climb, and the extended
    headers that tell a reader to allocate memory raise ValueError.
    """
    while (raw := stream.read(BLOCK)) and raw != bytes(BLOCK):
        entry = tarfile.TarInfo.frombuf(raw, "utf-8", "strict")
        if entry.type not in (*FILE_TYPES, tarfile.DIRTYPE):
            raise ValueError(f"{entry.name!r} is neither a file nor a directory")
        path, content = sound_name(entry.name), Section(stream, entry.size)
        if entry.type in FILE_TYPES:
            yield path, content
        content.skip()
        Section(stream, -entry.size % BLOCK).skip()
    while stream.read(BLOCK):
        pass
