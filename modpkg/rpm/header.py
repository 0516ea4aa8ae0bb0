"""The header structure of rpm: an index of tags and their data, with a region that makes it immutable.

Pure: values to bytes. Knows nothing of what the tags mean.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.rpm.tags import Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAGIC: Final = bytes.fromhex("8eade80100000000")
INTRO: Final = struct.Struct(">8sII")
INDEX: Final = struct.Struct(">IIII")
TRAILER: Final = struct.Struct(">IIiI")
INTEGERS: Final = {Type.INT16: "H", Type.INT32: "I", Type.INT64: "Q"}
WIDTHS: Final = {Type.INT16: 2, Type.INT32: 4, Type.INT64: 8}


@dataclass(frozen=True, slots=True)
class Value:
    """The data of one tag: how they are stored, how many they are, the bytes."""

    type: Type
    count: int
    data: bytes


def string(text: str) -> Value:
    """Give one string."""
    return Value(Type.STRING, 1, _terminated([text]))


def translated(text: str) -> Value:
    """Give a string that could have translations, in the C locale alone."""
    return Value(Type.I18NSTRING, 1, _terminated([text]))


def strings(texts: Iterable[str]) -> Value:
    """Give a list of strings."""
    found = list(texts)
    return Value(Type.STRING_ARRAY, len(found), _terminated(found))


def binary(data: bytes) -> Value:
    """Give plain bytes."""
    return Value(Type.BIN, len(data), data)


def integers(numbers: Sequence[int], kind: Type = Type.INT32) -> Value:
    """Give a list of unsigned numbers."""
    return Value(kind, len(numbers), struct.pack(f">{len(numbers)}{INTEGERS[kind]}", *numbers))


def encode(values: Mapping[int, Value], *, region: int) -> bytes:
    """Give the header: magic, counts, index sorted by tag, data, all inside the region."""
    index = []
    data = bytearray()
    for tag, value in sorted(values.items()):
        data += bytes(-len(data) % WIDTHS.get(value.type, 1))
        index.append(INDEX.pack(tag, value.type, len(data), value.count))
        data += value.data
    trailer = TRAILER.pack(region, Type.BIN, -INDEX.size * (len(index) + 1), INDEX.size)
    index.insert(0, INDEX.pack(region, Type.BIN, len(data), len(trailer)))
    data += trailer
    return INTRO.pack(MAGIC, len(index), len(data)) + b"".join(index) + data


def _terminated(texts: Iterable[str]) -> bytes:
    encoded = [text.encode() for text in texts]
    if any(b"\0" in text for text in encoded):
        raise ValueError("a string of an rpm header holds a NUL")
    return b"".join(text + b"\0" for text in encoded)
