"""What is refused before a library sees an .rpm."""

from __future__ import annotations

import errno
import io
import struct
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.rpm.guard import check, refusing
from modpkg.rpm.header import INDEX, INTRO, MAGIC
from modpkg.rpm.tags import Type
from tests.support.packages import write_pair

if TYPE_CHECKING:
    from pathlib import Path

COUNT, SIZE = 96 + 8, 96 + 12
FIRST_ENTRY = 96 + 16


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_pair(tmp_path_factory.mktemp("rpm")).rpm.read_bytes()


def checked(data: bytes) -> int:
    return check(io.BytesIO(data), len(data)).main.end


def patched(content: bytes, place: int, number: int) -> bytes:
    return content[:place] + struct.pack(">I", number) + content[place + 4 :]


def test_gives_the_place_of_the_payload(content: bytes) -> None:
    assert content[checked(content) :].startswith(b"\x1f\x8b\x08\x00")


@pytest.mark.parametrize(
    ("place", "number", "reason"),
    [
        (0, 0, "not an rpm"),
        (96, 0, "begins no header"),
        (COUNT, 0, "impossible size"),
        (COUNT, 0x7FFFFFFF, "impossible size"),
        (SIZE, 0x7FFFFFFF, "impossible size"),
        (SIZE, 20 << 20, "cut off"),
        (FIRST_ENTRY + 4, 77, "unknown type: 77"),
        (FIRST_ENTRY + 8, 1 << 20, "outside"),
        (FIRST_ENTRY + 12, 1 << 20, "outside"),
        (FIRST_ENTRY + 12, 0, "outside"),
    ],
)
def test_refuses_a_structure_that_lies(content: bytes, place: int, number: int, reason: str) -> None:
    with pytest.raises((ValueError, EOFError), match=reason):
        checked(patched(content, place, number))


def test_refuses_text_without_an_end(content: bytes) -> None:
    # Without a region, whose trailer would hold further NULs.
    index = INDEX.pack(1117, Type.STRING_ARRAY, 0, 3)
    header = INTRO.pack(MAGIC, 1, 9) + index + b"ab\0cdefgh"
    with pytest.raises(ValueError, match="text of tag 1117 without an end"):
        checked(content[:96] + header)


def test_refuses_a_header_that_was_changed(content: bytes) -> None:
    with pytest.raises(ValueError, match="does not match its digest"):
        checked(content.replace(b"workload manager for", b"workload manager FOR"))


def test_refuses_a_file_of_another_length(content: bytes) -> None:
    with pytest.raises(EOFError, match="cut off"):
        checked(content[:-1])
    with pytest.raises(EOFError, match="behind its end"):
        checked(content + b"x")


@pytest.mark.parametrize("fault", [struct.error("bad"), EOFError(), KeyError("x"), AssertionError()])
def test_a_fault_names_the_package(fault: Exception, tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught, refusing(tmp_path / "a.rpm"):
        raise fault
    assert caught.value.where == str(tmp_path / "a.rpm")


def test_a_full_disk_is_not_the_fault_of_the_package(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left"), refusing(tmp_path / "a.rpm"):
        raise OSError(errno.ENOSPC, "No space left on device")
