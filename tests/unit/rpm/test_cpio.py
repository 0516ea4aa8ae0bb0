"""The payload of an .rpm."""

from __future__ import annotations

import io

import pytest

from modpkg.rpm import cpio

DIRECTORY, FILE, LINK = 0o40755, 0o100644, 0o120777


def entry(name: str, content: bytes, mode: int = FILE) -> bytes:
    head = cpio.header(name, mode=mode, size=len(content), mtime=7, inode=3)
    return head + content + cpio.padding(len(content))


def test_the_bytes_of_an_entry() -> None:
    expected = (
        b"070701" + b"00000003000081a4" + b"00000000" * 2 + b"00000001" + b"00000007" + b"00000003"
        b"000000000000000000000000000000000000000400000000"
        b"./a\0" + bytes(2)
    )
    assert cpio.header("./a", mode=FILE, size=3, mtime=7, inode=3) == expected


@pytest.mark.parametrize("size", range(9))
def test_entries_are_aligned(size: int) -> None:
    assert len(entry("./" + "n" * size, bytes(size))) % 4 == 0


def test_walk_gives_files_and_skips_what_is_not_read() -> None:
    data = entry("./usr", b"", DIRECTORY) + entry("./usr/a", b"a" * 601) + entry("./b", b"bcd") + cpio.end()
    found = [(name, content.read(3)) for name, content in cpio.walk(io.BytesIO(data))]
    assert found == [("usr/a", b"aaa"), ("b", b"bcd")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no cpio archive"),
        (b"070702" + bytes(104), "no cpio archive"),
        (entry("./a", b"", LINK), "neither a file nor a directory"),
        (entry("./a", b"abc"), "no cpio archive"),
        (entry("./" + "n" * 5000, b""), "too long"),
        (entry("./a", b"").replace(b"00000004", b"00000000"), "too long"),
    ],
    ids=["empty", "magic", "link", "no-end", "long-name", "no-name"],
)
def test_walk_refuses(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        list(cpio.walk(io.BytesIO(data)))


def test_walk_refuses_a_file_that_is_cut_off() -> None:
    with pytest.raises(EOFError):
        list(cpio.walk(io.BytesIO(entry("./a", b"abc" * 900)[:-512])))
