"""The inner archives of a .deb."""

from __future__ import annotations

import io
import tarfile

import pytest

from modpkg.deb import tar

DIRECTORY, FILE = 0o40755, 0o100644


def entry(path: str, content: bytes) -> bytes:
    head = tar.header(path, mode=FILE, size=len(content), mtime=7)
    return head + content + tar.padding(len(content))


def test_tarfile_reads_what_is_written() -> None:
    data = tar.header("usr", mode=DIRECTORY, size=0, mtime=7) + entry("usr/a", b"abc") + tar.END
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        directory, file = archive.getmembers()
    assert (directory.name, directory.isdir(), directory.mode) == ("./usr", True, 0o755)
    assert (file.name, file.mode, file.mtime, file.uid, file.uname) == ("./usr/a", 0o644, 7, 0, "root")


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513])
def test_the_space_of_an_entry_is_known(size: int) -> None:
    assert len(entry("a", bytes(size))) == tar.space(size)


def test_walk_gives_files_and_skips_what_is_not_read() -> None:
    data = tar.header("usr", mode=DIRECTORY, size=0, mtime=0)
    data += entry("usr/a", b"a" * 600) + entry("usr/b", b"bcd") + tar.END
    found = [(name, content.read(3)) for name, content in tar.walk(io.BytesIO(data))]
    assert found == [("usr/a", b"aaa"), ("usr/b", b"bcd")]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.XHDTYPE])
def test_walk_refuses_links_devices_and_extended_headers(kind: bytes) -> None:
    odd = tarfile.TarInfo("./x")
    odd.type, odd.linkname = kind, "/etc/passwd"
    data = odd.tobuf(tarfile.USTAR_FORMAT) + tar.END
    with pytest.raises(ValueError, match="neither a file nor a directory"):
        list(tar.walk(io.BytesIO(data)))


def test_walk_refuses_a_broken_header() -> None:
    broken = bytearray(entry("a", b"abc"))
    broken[0] ^= 1
    with pytest.raises(tarfile.HeaderError):
        list(tar.walk(io.BytesIO(bytes(broken))))


def test_walk_refuses_a_file_that_is_cut_off() -> None:
    with pytest.raises(EOFError):
        list(tar.walk(io.BytesIO(entry("a", b"abc" * 900)[:-512])))
