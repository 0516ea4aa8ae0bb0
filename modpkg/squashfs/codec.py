"""Decompression of one block, never to more bytes than a block may have.

zstd and lz4 are the libraries that mksquashfs itself is linked with (docs/decisions/0020).
"""

from __future__ import annotations

import ctypes
import lzma
import zlib
from functools import cache
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError

if TYPE_CHECKING:
    from collections.abc import Callable

    Decompress = Callable[[bytes, int], bytes]

# What xz may take of memory for its dictionary: four times the largest block.
XZ_MEMORY: Final = 16 << 20


def decompressor(compressor: str) -> Decompress:
    """Give the function that turns (bytes, most bytes of the result) into bytes.

    It raises ValueError for bytes that are corrupt or give more. `compressor` is a name of
    `modpkg.squashfs.superblock.COMPRESSORS`; ValueError is also raised for lzo and lzma, which nobody should use.
    """
    known = {"gzip": _gzip, "xz": _xz, "zstd": _zstd, "lz4": _lz4}
    if compressor not in known:
        raise ValueError(f"{compressor} is not supported, only {', '.join(known)}")
    return known[compressor]


def _gzip(data: bytes, most: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(data, most)
    except zlib.error as error:
        raise ValueError("it cannot be decompressed") from error
    return _whole(found, ended=stream.eof)


def _xz(data: bytes, most: int) -> bytes:
    stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)
    try:
        found = stream.decompress(data, most)
    except lzma.LZMAError as error:
        raise ValueError("it cannot be decompressed") from error
    return _whole(found, ended=stream.eof)


def _whole(found: bytes, *, ended: bool) -> bytes:
    if not ended:
        raise ValueError("it is cut short, or larger than a block")
    return found


def _zstd(data: bytes, most: int) -> bytes:
    library = _library("libzstd.so.1", "libzstd1")
    buffer = ctypes.create_string_buffer(most)
    size = library.ZSTD_decompress(buffer, ctypes.c_size_t(most), data, ctypes.c_size_t(len(data)))
    # An error is a small negative number.
    if not 0 <= size <= most:
        raise ValueError("it cannot be decompressed")
    return ctypes.string_at(buffer, size)


def _lz4(data: bytes, most: int) -> bytes:
    library = _library("liblz4.so.1", "liblz4-1")
    buffer = ctypes.create_string_buffer(most)
    size = library.LZ4_decompress_safe(data, buffer, len(data), most)
    if size < 0:
        raise ValueError("it cannot be decompressed")
    return ctypes.string_at(buffer, size)


@cache
def _library(name: str, package: str) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(name)
    except OSError as error:
        raise ModpkgError(f"cannot load {name}", hint=f"apt-get install {package}") from error
    if name.startswith("libzstd"):
        library.ZSTD_decompress.restype = ctypes.c_ssize_t
    return library
