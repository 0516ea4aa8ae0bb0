"""The outer archive of a .deb."""

from __future__ import annotations

import io

import pytest
from debian.arfile import ArFile

from modpkg.deb import ar


def archive(*members: tuple[str, bytes]) -> bytes:
    body = (ar.header(name, len(data), 7) + data + ar.padding(len(data)) for name, data in members)
    return ar.MAGIC + b"".join(body)


def test_python_debian_reads_what_is_written() -> None:
    data = archive(("debian-binary", b"2.0\n"), ("odd", b"abc"), ("even", b"abcd"))
    found = ArFile(fileobj=io.BytesIO(data)).getmembers()
    assert [(member.name, member.size, member.mtime, member.fmode) for member in found] == [
        ("debian-binary", 4, 7, b"100644  "),
        ("odd", 3, 7, b"100644  "),
        ("even", 4, 7, b"100644  "),
    ]


def test_members_are_found_where_they_are() -> None:
    data = archive(("odd", b"abc"), ("even", b"abcd"))
    found = ar.members(io.BytesIO(data), len(data))
    assert [data[member.offset : member.offset + member.size] for member in found] == [b"abc", b"abcd"]


def test_a_size_of_eleven_digits_does_not_fit() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        ar.header("data.tar.gz", 10**10, 0)


@pytest.mark.parametrize("field", [b"-4        ", b"          ", b"4x        ", b"0x4       "])
def test_refuses_a_size_that_is_no_number(field: bytes) -> None:
    data = archive(("odd", b"abcd"))
    bad = data.replace(b"4         `", field + b"`")
    with pytest.raises(ValueError, match="begins no member"):
        ar.members(io.BytesIO(bad), len(bad))
