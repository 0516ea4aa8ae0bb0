from __future__ import annotations

import pytest

from modpkg.squashfs.superblock import SIZE, parse_superblock
from tests.support.tiny import Tiny

IMAGE = Tiny(tree={"a": b"x"}).image()


def _with(place: int, content: bytes) -> bytes:
    return IMAGE[:place] + content + IMAGE[place + len(content) :]


def test_a_superblock_is_written_as_it_was_read() -> None:
    assert parse_superblock(IMAGE).packed() == IMAGE[:SIZE]


def test_fields_have_their_meaning() -> None:
    found = parse_superblock(IMAGE)
    assert (found.inodes, found.block_size, found.compressor, found.ids) == (2, 4096, 1, 2)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (IMAGE[:95], "shorter than a superblock"),
        (_with(0, b"sqsh"), "does not begin"),
        (_with(28, b"\3"), "format 3.0"),
        (_with(12, b"\0\0\0\0"), "block size of 0"),
        (_with(12, b"\0\x30\0\0"), "block size of 12288"),
        (_with(22, b"\x0d"), "block size of 4096"),
        (_with(20, b"\7"), "compressor, number 7"),
        (_with(4, b"\0\0\0\0"), "no inodes"),
        (_with(26, b"\0\0"), "no owners"),
        (_with(64, bytes(8)), "out of order"),
        (_with(72, b"\xff" * 8), "out of order"),
    ],
)
def test_what_is_none_is_told(image: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_superblock(image)
