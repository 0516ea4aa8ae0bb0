from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from modpkg.model.unpack import unpacked


@pytest.mark.parametrize("content", [b"", b"a", bytes(100_000)])
def test_gzip_is_unpacked_up_to_its_limit(content: bytes) -> None:
    assert unpacked(gzip.compress(content), most=len(content)) == content


def test_several_members_are_one_content() -> None:
    assert unpacked(gzip.compress(b"one") + gzip.compress(b"two"), most=6) == b"onetwo"


@pytest.mark.parametrize("members", [[b"four"], [b"tw", b"tw"]], ids=["one", "two"])
def test_more_than_the_limit_is_refused(members: list[bytes]) -> None:
    with pytest.raises(ValueError, match="more than 3 bytes"):
        unpacked(b"".join(map(gzip.compress, members)), most=3)


def test_a_bomb_takes_no_more_memory_than_its_limit() -> None:
    packer = zlib.compressobj(9, wbits=31)
    block = bytes(1 << 20)
    bomb = b"".join(packer.compress(block) for _ in range(64)) + packer.flush()
    tracemalloc.start()
    with pytest.raises(ValueError, match="more than 1000 bytes"):
        unpacked(bomb, most=1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * len(bomb) + (1 << 20)


def test_what_is_cut_off_or_no_gzip_is_refused() -> None:
    packed = gzip.compress(b"content")
    with pytest.raises(ValueError, match="cut off"):
        unpacked(packed[:-1], most=100)
    with pytest.raises(zlib.error):
        unpacked(b"content", most=100)
