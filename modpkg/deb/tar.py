"""The inner archives of a .deb: tar in ustar form, all owned by root.

Writes and reads headers one by one; names read are compared and never become paths.
"""

from __future__ import annotations

import re
import stat
import tarfile
import zlib
from typing import TYPE_CHECKING, Final

from modpkg.formats.reading import Readable, Section, sound_name

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK: Final = 512
END: Final = bytes(2 * BLOCK)
LARGEST_FILE: Final = 8**11 - 1
FILE_TYPES: Final = (tarfile.REGTYPE, tarfile.AREGTYPE)
EMPTY: Final = bytes(BLOCK)
# A file or directory as `header` writes it, byte for byte. The checksum is taken with spaces in its own place.
SUM: Final = slice(148, 156)
SPACES: Final = 8 * ord(" ")
ADLER_MASK: Final = 0xFFFF
PLAIN: Final = re.compile(
    rb"(?=.{100}[0-7]{7}\0)(?P<name>[^\0]{1,100})\0*[0-7]{7}\0[0-7]{7}\0[0-7]{7}\0(?P<size>[0-7]{11})\0[0-7]{11}\0"
    rb"(?P<sum>[0-7]{6})\0 (?P<kind>[05])\0{100}ustar\x0000root\0{28}root\0{28}\0{16}"
    rb"(?=.{155}\0{12})(?P<prefix>[^\0]*)\0+",
    re.DOTALL,
)


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
    while (raw := stream.read(BLOCK)) and raw != EMPTY:
        name, kind, size = _entry(raw)
        if kind not in (*FILE_TYPES, tarfile.DIRTYPE):
            raise ValueError(f"{name!r} is neither a file nor a directory")
        path, content = sound_name(name), Section(stream, size)
        if kind in FILE_TYPES:
            yield path, content
        content.skip()
        if size % BLOCK:
            Section(stream, -size % BLOCK).skip()
    while stream.read(BLOCK):
        pass


def _entry(raw: bytes) -> tuple[str, bytes, int]:
    # Name, type and size. tarfile knows every dialect and takes five times as long for the one that is written here.
    plain = PLAIN.fullmatch(raw)
    if plain and int(plain["sum"], 8) == _sum(raw) - sum(raw[SUM]) + SPACES:
        name, prefix = plain["name"].decode().removesuffix("/"), plain["prefix"].decode()
        return (f"{prefix}/{name}" if prefix else name), plain["kind"], int(plain["size"], 8)
    entry = tarfile.TarInfo.frombuf(raw, "utf-8", "strict")
    return entry.name, entry.type, entry.size


def _sum(raw: bytes) -> int:
    # The lower half of Adler-32 is one more than the sum of all bytes, modulo 65521: at once, and not byte by byte. A
    # name is UTF-8, so the bytes of a plain header never sum up to that much.
    return (zlib.adler32(raw) & ADLER_MASK) - 1
