"""Indices out of pieces that stay compressed: gzip members, one after the other, cut where the content says.

The pieces of an index are sorted. A frame ends after each piece whose digest ends in one of a few ways, so that one
new piece changes one frame, wherever it is put in. Never decides what a piece says.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Groups = Sequence["Group"]

# One digest in 64 ends like this: a frame holds about 64 pieces.
CUTS: Final = frozenset({"00", "40", "80", "c0"})
# Higher levels take three times as long and save 2 %.
LEVEL: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A part of an index, as it is and compressed."""

    raw: bytes
    packed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is said of an index without its content: sizes in bytes and sha256, as it is and compressed."""

    size: int
    sha256: str
    packed_size: int
    packed_sha256: str


class Group(NamedTuple):
    """Packages whose pieces make a frame; `key` is one of these packages in this order alone."""

    key: str
    digests: Sequence[str]


class Frames(Protocol):
    """Where frames are kept, and the texts that they are made of."""

    def frame(self, key: str) -> Frame | None:
        """Give a frame that was kept, or None."""

    def keep(self, key: str, frame: Frame) -> None:
        """Keep a frame for the next index."""

    def facts(self, key: str) -> Facts | None:
        """Give what was kept of a whole index, or None."""

    def keep_facts(self, key: str, facts: Facts) -> None:
        """Keep them for the next index of the same packages."""

    def texts(self, kind: str, digests: Sequence[str]) -> Sequence[bytes]:
        """Give the pieces of this kind, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Framed:
    """An index as one gzip file of many members; `raw` is its text if it was to be kept, else b""."""

    packed: bytes
    raw: bytes
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """An index that may have been made before: of which packages, what stands around their pieces.

    `plain` is for one that is published as it is too.
    """

    kind: str
    groups: Groups
    frames: Frames
    opening: bytes = b""
    closing: bytes = b""
    plain: bool = False

    @property
    def key(self) -> str:
        """What all indices of the same content share."""
        around = f"{self.opening.decode()}\n{self.closing.decode()}"
        groups = ",".join(group.key for group in self.groups)
        return hashlib.sha256(f"text {self.kind}\n{around}\n{groups}".encode()).hexdigest()

    def known(self) -> Facts | None:
        """Give what it was when it was made last; only a file that is there still proves that it would be again."""
        return self.frames.facts(self.key)

    def make(self) -> Framed:
        """Put it together."""
        # One frame after the other: all texts of a large repository are 40 MB.
        digest, size = hashlib.sha256(), 0
        packed, raw = [], []
        for frame in self._frames():
            digest.update(frame.raw)
            size += len(frame.raw)
            packed.append(frame.packed)
            if self.plain:
                raw.append(frame.raw)
        content = b"".join(packed)
        facts = Facts(
            size=size,
            sha256=digest.hexdigest(),
            packed_size=len(content),
            packed_sha256=hashlib.sha256(content).hexdigest(),
        )
        self.frames.keep_facts(self.key, facts)
        return Framed(packed=content, raw=b"".join(raw), facts=facts)

    def _frames(self) -> Iterator[Frame]:
        if self.opening or not self.groups:
            yield pack(self.opening)
        for group in self.groups:
            yield _frame(self.kind, group, self.frames)
        if self.closing:
            yield pack(self.closing)


def grouped(digests: Sequence[str]) -> tuple[Group, ...]:
    """Divide sorted packages into groups: once for all kinds of pieces that they have."""
    return tuple(Group(hashlib.sha256(",".join(group).encode()).hexdigest(), group) for group in cut(digests))


def cut(digests: Sequence[str]) -> Iterator[Sequence[str]]:
    """Divide digests into groups, by nothing but the digests themselves."""
    start = 0
    for position, digest in enumerate(digests, start=1):
        if digest[-2:] in CUTS:
            yield digests[start:position]
            start = position
    if start < len(digests):
        yield digests[start:]


def pack(raw: bytes) -> Frame:
    """Compress a part of an index: a gzip member without name and time."""
    return Frame(raw=raw, packed=gzip.compress(raw, LEVEL, mtime=0))


def _frame(kind: str, group: Group, frames: Frames) -> Frame:
    # A piece is a function of its package, so the packages' digests name the frame.
    key = f"{kind} {group.key}"
    kept = frames.frame(key)
    if kept is None:
        kept = pack(b"".join(frames.texts(kind, group.digests)))
        frames.keep(key, kept)
    return kept
