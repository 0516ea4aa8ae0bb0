"""What the tags of a checked header hold, as values of Python. Checks nothing: `guard` did."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from modpkg.rpm.tags import Type

if TYPE_CHECKING:
    from modpkg.rpm.guard import Checked

TEXTS: Final = frozenset(map(int, (Type.STRING_ARRAY, Type.I18NSTRING)))
LETTERS: Final = {
    int(Type.CHAR): "B",
    int(Type.INT8): "B",
    int(Type.INT16): "H",
    int(Type.INT32): "I",
    int(Type.INT64): "Q",
}


class Tags:
    """The tags of one header; one that it has twice counts the first time, as in rpm."""

    def __init__(self, header: Checked) -> None:
        self._data = header.data
        self._entries = {entry[0]: entry[1:] for entry in reversed(header.index)}

    def __contains__(self, tag: int) -> bool:
        """Whether the header has the tag."""
        return tag in self._entries

    @property
    def names(self) -> frozenset[int]:
        """All tags that the header has."""
        return frozenset(self._entries)

    def texts(self, tag: int) -> list[str]:
        """Give all strings of a tag, none where it is absent; raises TypeError where it holds something else."""
        if tag not in self._entries:
            return []
        kind, offset, count = self._entries[tag]
        if kind == Type.STRING:
            count = 1
        elif kind not in TEXTS:
            raise TypeError("its header has something else where text has to be")
        return [text.decode() for text in self._data[offset:].split(b"\0", count)[:count]]

    def text(self, tag: int) -> str:
        """Give the first string of a tag, "" where it is absent."""
        return next(iter(self.texts(tag)), "")

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Give all numbers of a tag, none where it is absent; raises TypeError where it holds something else."""
        if tag not in self._entries:
            return ()
        kind, offset, count = self._entries[tag]
        if kind not in LETTERS:
            raise TypeError("its header has something else where a number has to be")
        return struct.unpack_from(f">{count}{LETTERS[kind]}", self._data, offset)
