"""Which shared libraries a program needs, read from its ELF headers (System V ABI, 64 bits, little-endian).

Reads bytes that it is given and runs nothing: what a loader would do is not asked.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC: Final = b"\x7fELF\x02\x01"
PT_LOAD: Final = 1
PT_DYNAMIC: Final = 2
PT_INTERP: Final = 3
DT_NEEDED: Final = 1
DT_STRTAB: Final = 5
PROGRAM_HEADER: Final = struct.Struct("<IIQQQQQQ")
DYNAMIC: Final = struct.Struct("<qQ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a program or library needs: its loader's path ("" if none) and libraries by name."""

    loader: str
    libraries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int


def needs_of(data: bytes) -> Needs:
    """Read what an ELF file needs; raises ValueError if it is none, or damaged."""
    if not data.startswith(MAGIC):
        raise ValueError("it is no ELF file of 64 bits, little-endian")
    try:
        segments = list(_segments(data))
        loader = next((_text(data, s.offset) for s in segments if s.kind == PT_INTERP), "")
        return Needs(loader=loader, libraries=tuple(_libraries(data, segments)))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"its ELF headers are damaged: {error}") from error


def _segments(data: bytes) -> Iterator[_Segment]:
    (start,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for index in range(count):
        kind, _, offset, address, _, length, _, _ = PROGRAM_HEADER.unpack_from(data, start + index * size)
        yield _Segment(kind, offset, address, length)


def _libraries(data: bytes, segments: list[_Segment]) -> Iterator[str]:
    dynamic = next((segment for segment in segments if segment.kind == PT_DYNAMIC), None)
    if dynamic is None:
        return
    entries = list(DYNAMIC.iter_unpack(data[dynamic.offset : dynamic.offset + dynamic.size]))
    table = next((value for tag, value in entries if tag == DT_STRTAB), 0)
    strings = next(
        (
            s.offset + table - s.address
            for s in segments
            if s.kind == PT_LOAD and s.address <= table < s.address + s.size
        ),
        None,
    )
    if strings is None:
        raise ValueError("its ELF headers are damaged: no segment holds the names")
    for tag, value in entries:
        if tag == DT_NEEDED:
            yield _text(data, strings + value)


def _text(data: bytes, start: int) -> str:
    return data[start : data.index(b"\0", start)].decode()
