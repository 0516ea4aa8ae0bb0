"""The header structure of rpm."""

from __future__ import annotations

import io
import struct

import pytest
from rpmfile.headers import _readheader

from modpkg.rpm.header import Value, binary, encode, integers, string, strings, translated
from modpkg.rpm.tags import Tag, Type


def test_the_bytes_of_a_small_header() -> None:
    raw = encode({Tag.NAME: string("ab")}, region=Tag.REGION)
    assert raw == bytes.fromhex("8eade80100000000") + struct.pack(
        ">II IIII IIII 3s IIiI", 2, 19, 63, 7, 3, 16, 1000, 6, 0, 1, b"ab\0", 63, 7, -32, 16
    )


def test_rpmfile_reads_what_is_written() -> None:
    values = {
        Tag.ENCODING: string("utf-8"),
        Tag.NAME: string("slurm"),
        Tag.SUMMARY: translated("Müll"),
        Tag.FILE_MODES: integers([0o100644, 0o40755], Type.INT16),
        Tag.FILE_SIZES: integers([1, 0xFFFFFFFF]),
        Tag.BASE_NAMES: strings(["a", "", "c"]),
        5093: binary(b"\1\2"),
    }
    _, found = _readheader(io.BytesIO(encode(values, region=Tag.REGION)), False)  # noqa: FBT003 - its API
    assert found["name"] == b"slurm"
    assert found["summary"] == "Müll".encode()
    assert found["filemodes"] == (0o100644, 0o40755)
    assert found["filesizes"] == (1, 0xFFFFFFFF)
    assert found["basenames"] == [b"a", b"", b"c"]
    assert found["payloaddigestalgo"] == b"\1\2"
    assert found["encoding"] == b"utf-8"


def test_numbers_are_aligned_whatever_precedes_them() -> None:
    for text in ("", "a", "ab", "abc"):
        values = {Tag.NAME: string(text), Tag.FILE_SIZES: integers([7])}
        _, found = _readheader(io.BytesIO(encode(values, region=Tag.REGION)), False)  # noqa: FBT003 - its API
        raw = encode(values, region=Tag.REGION)
        offset = struct.unpack_from(">I", raw, 16 + 2 * 16 + 8)[0]
        assert offset % 4 == 0
        assert found["filesizes"] == 7


def test_order_of_the_values_does_not_matter() -> None:
    values: dict[int, Value] = {Tag.NAME: string("a"), Tag.VERSION: string("b")}
    assert encode(values, region=1) == encode(dict(reversed(values.items())), region=1)


def test_refuses_a_nul_in_a_string() -> None:
    with pytest.raises(ValueError, match="NUL"):
        string("a\0b")
