"""Fragments damaged by seed: cut, bits flipped, fields set to what they must not be."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from modpkg.squashfs.metadata import BLOCK
from modpkg.squashfs.superblock import ABSENT, SIZE

if TYPE_CHECKING:
    from collections.abc import Callable

NASTY: Final = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    1 << 32,
)
# Offset and size of each field of a superblock behind the magic number.
FIELDS: Final = [
    (4, 4),
    (8, 4),
    (12, 4),
    (16, 4),
    *((20 + 2 * n, 2) for n in range(6)),
    *((32 + 8 * n, 8) for n in range(8)),
]


def mutate(image: bytes, seed: int) -> bytes:
    """Give a damaged copy: one or a few damages of one kind, decided by `seed` alone."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    kinds: tuple[Callable[[bytearray, random.Random], None], ...] = (
        _cut,
        _flip_metadata,
        _flip_metadata,
        _set_field,
        _set_word,
        _set_word,
        _swap,
        _flip_anywhere,
    )
    found = bytearray(image)
    kind = chance.choice(kinds)
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        kind(found, chance)
    return bytes(found)


def _tables(image: bytearray) -> tuple[int, int]:
    # Where the metadata of the undamaged image lies, as far as it can still be told.
    start = int.from_bytes(image[64:72], "little")
    end = int.from_bytes(image[40:48], "little")
    return (start, end) if SIZE <= start < end <= len(image) else (SIZE, max(SIZE + 1, len(image)))


def _cut(image: bytearray, chance: random.Random) -> None:
    del image[chance.randrange(max(1, len(image))) :]


def _flip_metadata(image: bytearray, chance: random.Random) -> None:
    place = chance.randrange(*_tables(image))
    if place < len(image):
        image[place] ^= 1 << chance.randrange(8)


def _flip_anywhere(image: bytearray, chance: random.Random) -> None:
    if image:
        image[chance.randrange(len(image))] ^= 1 << chance.randrange(8)


def _set_field(image: bytearray, chance: random.Random) -> None:
    place, size = chance.choice(FIELDS)
    old = int.from_bytes(image[place : place + size], "little")
    new = chance.choice(
        [*NASTY, old + 1, old - 1, old + BLOCK, old * 2, ABSENT, chance.getrandbits(8 * size)]
    )
    image[place : place + size] = (new % (1 << 8 * size)).to_bytes(size, "little")


def _set_word(image: bytearray, chance: random.Random) -> None:
    # Metadata of these images is stored, so a word of it is a field of an inode, a name, or a table.
    start, end = _tables(image)
    size = chance.choice([1, 2, 2, 4, 4, 8])
    place = chance.randrange(start, end)
    old = int.from_bytes(image[place : place + size], "little")
    new = chance.choice([*NASTY, old + 1, old - 1, chance.getrandbits(8 * size)])
    image[place : place + size] = (new % (1 << 8 * size)).to_bytes(size, "little")


def _swap(image: bytearray, chance: random.Random) -> None:
    # What is right somewhere else: cycles, shared lists of names, overlapping inodes.
    start, end = _tables(image)
    size = chance.choice([2, 4, 16, 32])
    first, second = chance.randrange(start, end), chance.randrange(start, end)
    image[first : first + size] = image[second : second + size].ljust(size, b"\0")[:size]
