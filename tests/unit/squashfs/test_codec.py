from __future__ import annotations

import lzma
import zlib

import pytest
import zstandard

from modpkg.errors import ModpkgError
from modpkg.squashfs import codec
from modpkg.squashfs.codec import decompressor

CONTENT = b"word " * 1000
# A frame of lz4 that is one run of literals: token, length, bytes.
LZ4 = b"\xf0" + b"\xff" * 19 + bytes([5000 - 15 - 255 * 19]) + CONTENT
PACKED = {
    "gzip": zlib.compress(CONTENT),
    "xz": lzma.compress(CONTENT, check=lzma.CHECK_CRC32),
    "zstd": zstandard.compress(CONTENT),
    "lz4": LZ4,
}


@pytest.mark.parametrize("name", PACKED)
def test_a_block_is_decompressed(name: str) -> None:
    assert decompressor(name)(PACKED[name], 8192) == CONTENT


@pytest.mark.parametrize("name", PACKED)
def test_exactly_as_much_as_fits_is_given(name: str) -> None:
    assert decompressor(name)(PACKED[name], len(CONTENT)) == CONTENT


@pytest.mark.parametrize("name", PACKED)
def test_more_than_fits_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be decompressed|larger than a block"):
        decompressor(name)(PACKED[name], len(CONTENT) - 1)


@pytest.mark.parametrize("name", PACKED)
def test_a_cut_or_wrong_block_is_refused(name: str) -> None:
    for damaged in (PACKED[name][:-9], b"\x12\x34" * 20):
        with pytest.raises(ValueError, match=r"cannot be decompressed|cut short"):
            decompressor(name)(damaged, 8192)


def test_a_bomb_gives_no_more_than_a_block() -> None:
    with pytest.raises(ValueError, match=r"larger than a block"):
        decompressor("gzip")(zlib.compress(bytes(100 << 20)), 8192)


def test_a_compressor_that_nobody_should_use_is_named() -> None:
    with pytest.raises(ValueError, match=r"lzo is not supported, only gzip, xz, zstd, lz4"):
        decompressor("lzo")


def test_a_library_that_is_missing_has_a_way_out() -> None:
    with pytest.raises(ModpkgError, match=r"cannot load libnothing.so.9\n.*apt-get install libnothing9"):
        codec._library("libnothing.so.9", "libnothing9")  # noqa: SLF001 - the machine has all libraries
