"""The few parts of a library that ldconfig looks at: headers, notes, the dynamic section and its strings.

The layout is that of the ELF specification, as elf(5) has it; what ldconfig reads is in glibc's elf/readelflib.c.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Read = Callable[[int, int], bytes]
    Span = tuple[int, int]
    # Type, place in the file, address, size in the file.
    Segment = tuple[int, int, int, int]

MAGIC: Final = b"\x7fELF"
LITTLE_64: Final = b"\x02\x01"
HEADER: Final = struct.Struct("<16s2HI3QI6H")
SEGMENT: Final = struct.Struct("<2I6Q")
DYNAMIC_ENTRY: Final = struct.Struct("<2Q")
LOAD, DYNAMIC = 1, 2
# Code and data, frames for debuggers, what is read-only after a start: large, and nothing for ldconfig.
LARGE: Final = (LOAD, 0x6474_E550, 0x6474_E552)
END, STRINGS, STRINGS_SIZE = 0, 5, 10
MOST_SEGMENTS: Final = 64
MOST_DYNAMIC: Final = 1 << 20


def needed_parts(read: Read, size: int) -> list[Span]:
    """Give the spans (first byte, byte behind the last) that ldconfig reads of a file of `size` bytes.

    `read` gives the bytes of a span. What is no plain 64-bit ELF file is needed whole.
    """
    try:
        parts = list(_parts(read))
    except (struct.error, ValueError):
        return [(0, size)]
    return parts if all(0 <= start <= end <= size for start, end in parts) else [(0, size)]


def _parts(read: Read) -> Iterator[Span]:
    header = HEADER.unpack(read(0, HEADER.size))
    ident, place, length, count = header[0], header[5], header[9], header[10]
    if not ident.startswith(MAGIC + LITTLE_64) or length != SEGMENT.size or count > MOST_SEGMENTS:
        raise ValueError("another kind of file")
    yield 0, HEADER.size
    yield place, place + length * count
    segments = [_segment(words) for words in SEGMENT.iter_unpack(read(place, place + length * count))]
    if len(segments) != count:
        raise ValueError("its list of segments is cut short")
    for kind, start, _, size in segments:
        if kind not in LARGE:
            yield start, start + size
    for kind, start, _, size in segments:
        if kind == DYNAMIC:
            yield _strings(read, (start, size), segments)


def _segment(words: tuple[int, ...]) -> Segment:
    kind, _flags, start, address, _physical, size, _memory, _alignment = words
    return kind, start, address, size


def _strings(read: Read, dynamic: Span, segments: list[Segment]) -> Span:
    start, size = dynamic
    if size > MOST_DYNAMIC:
        raise ValueError("its dynamic section is larger than any")
    found: dict[int, int] = {}
    for tag, value in DYNAMIC_ENTRY.iter_unpack(read(start, start + size)):
        if tag == END:
            break
        found.setdefault(tag, value)
    address, length = found.get(STRINGS, 0), found.get(STRINGS_SIZE, 0)
    for kind, place, loaded, held in segments:
        if kind == LOAD and loaded <= address and address + length <= loaded + held:
            return place + address - loaded, place + address - loaded + length
    raise ValueError("its strings are nowhere")
