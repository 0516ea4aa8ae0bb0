"""Extended attributes: read, those of overlayfs told apart, written."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from modpkg.squashfs.inodes import NO_XATTR
from modpkg.squashfs.metadata import reference

if TYPE_CHECKING:
    from modpkg.squashfs.source import Source

    # Pairs of full name and value, in the order of the image.
    Attributes = tuple[tuple[bytes, bytes], ...]

PREFIXES: Final = {0: b"user.", 1: b"trusted.", 2: b"security."}
NUMBERS: Final = {prefix: number for number, prefix in PREFIXES.items()}
OVERLAY: Final = (b"trusted.overlay.", b"user.overlay.")
# The names behind these prefixes that splice cannot follow: content or place lie in another layer.
FOREIGN: Final = (b"redirect", b"metacopy", b"whiteout")
ELSEWHERE: Final = 0x100
LARGEST_VALUE: Final = 65536
LONGEST_NAME: Final = 255
# All attributes of one image, each set once.
MOST_BYTES: Final = 32 << 20

_KEY: Final = struct.Struct("<HH")
_SIZE: Final = struct.Struct("<I")
_PLACE: Final = struct.Struct("<Q")
_ID: Final = struct.Struct("<QII")


class Reader:
    """Reads the attributes of one image; each set once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: dict[int, Attributes] = {NO_XATTR: ()}
        self._left = MOST_BYTES

    def read(self, number: int) -> Attributes:
        """Give the attributes that an inode names by `number`; raises ValueError for corrupt ones."""
        found = self._known.get(number)
        if found is None:
            if number >= len(self._source.xattr_ids):
                raise ValueError("it names attributes that are not there")
            found = self._known[number] = self._read(*self._source.xattr_ids[number][:2])
        return found

    def _read(self, where: int, count: int) -> Attributes:
        data, place = self._source.xattrs.data, self._place(where)
        found: list[tuple[bytes, bytes]] = []
        for _ in range(count):
            kind, size = _KEY.unpack_from(data, place)
            place += _KEY.size
            name = PREFIXES.get(kind & ~ELSEWHERE, b"") + data[place : place + size]
            value, end = self._value(place + size)
            if kind & ELSEWHERE:
                value, _ = self._value(self._place(*_PLACE.unpack(value)))
            place = end
            self._left -= len(name) + len(value)
            if kind & ~ELSEWHERE not in PREFIXES or not size or len(name) > LONGEST_NAME or b"\0" in name:
                raise ValueError("an attribute has a name that is none")
            if self._left < 0:
                raise ValueError("its attributes are too many")
            found.append((name, value))
        if len({name for name, _ in found}) != len(found):
            raise ValueError("an attribute is there twice")
        return tuple(found)

    def _value(self, place: int) -> tuple[bytes, int]:
        data = self._source.xattrs.data
        (size,) = _SIZE.unpack_from(data, place)
        place += _SIZE.size
        if size > LARGEST_VALUE or place + size > len(data):
            raise ValueError("the value of an attribute is cut short")
        return data[place : place + size], place + size

    def _place(self, where: int) -> int:
        block = self._source.xattrs.blocks.get(where >> 16)
        if block is None:
            raise ValueError("its attributes lie where none can be")
        return block + (where & 0xFFFF)


def is_opaque(attributes: Attributes) -> bool:
    """Tell whether overlayfs hides what lower layers have in a directory with these; ValueError for other marks."""
    for name, value in attributes:
        if name.startswith(OVERLAY):
            mark = name.split(b".", 2)[2]
            if mark in FOREIGN:
                raise ValueError(f"{name.decode()} leads to another layer")
            if mark == b"opaque":
                if value != b"y":
                    raise ValueError(f"{name.decode()} is {value!r}, not y")
                return True
    return False


def own(attributes: Attributes) -> Attributes:
    """Give what is not overlayfs' own; raises ValueError where that leads to other layers."""
    if attributes:
        is_opaque(attributes)
    return tuple(pair for pair in attributes if not pair[0].startswith(OVERLAY))


class Writer:
    """Collects sets of attributes and gives each a number."""

    def __init__(self) -> None:
        self._numbers: dict[Attributes, int] = {}

    def number(self, attributes: Attributes) -> int:
        """Give the number for an inode."""
        if not attributes:
            return NO_XATTR
        return self._numbers.setdefault(attributes, len(self._numbers))

    def __len__(self) -> int:
        return len(self._numbers)

    def tables(self) -> tuple[bytes, bytes]:
        """Give the pairs and the numbered sets, each as the content of stored blocks."""
        pairs, sets = bytearray(), bytearray()
        for attributes in self._numbers:
            # What listxattr(2) needs to tell the names.
            size = sum(len(name) + 1 for name, _ in attributes)
            sets += _ID.pack(reference(len(pairs)), len(attributes), size)
            for name, value in attributes:
                prefix, _, rest = name.partition(b".")
                pairs += _KEY.pack(NUMBERS[prefix + b"."], len(rest)) + rest + _SIZE.pack(len(value)) + value
        return bytes(pairs), bytes(sets)
