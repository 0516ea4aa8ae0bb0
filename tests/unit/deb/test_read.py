"""Reading a .deb."""

from __future__ import annotations

import gzip
import io
import tarfile
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from modpkg.deb import ar
from modpkg.deb.read import check_contents, extract_fragment, read_control, read_module
from modpkg.errors import BadInputError
from modpkg.formats.package_docs import changelog_text
from tests.support.packages import write_pair

if TYPE_CHECKING:
    from pathlib import Path


def tarball(name: str, content: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(target.getvalue(), mtime=0)


def deb(path: Path, control: str, *, member: str = "./control") -> Path:
    parts = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": tarball(member, control.encode(errors="surrogateescape")),
        "data.tar.gz": tarball("./x", b""),
    }
    body = b"".join(
        ar.header(name, len(data), 0) + data + b"\n" * (len(data) % 2) for name, data in parts.items()
    )
    path.write_bytes(ar.MAGIC + body)
    return path


def test_fields_keep_the_order_of_the_file(tmp_path: Path) -> None:
    control = "Package: abc\nArchitecture: all\nVersion: 1.0-1\nDescription: short\n long\n .\n longer\n"
    fields = read_control(deb(tmp_path / "a.deb", control))
    assert list(fields) == ["Package", "Architecture", "Version", "Description"]
    assert fields["Description"] == "short\n long\n .\n longer"


def test_a_member_without_dot_slash_is_found(tmp_path: Path) -> None:
    control = "Package: abc\nVersion: 1\nArchitecture: all\n"
    assert read_control(deb(tmp_path / "a.deb", control, member="control"))["Package"] == "abc"


@pytest.mark.parametrize(
    ("control", "reason"),
    [
        ("Package: abc\nVersion: 1\n", "no field Architecture"),
        ("Package: A_b\nVersion: 1\nArchitecture: all\n", "not a package name"),
        ("", "no field Package"),
        ("Package: abc\nVersion: \udcff\nArchitecture: all\n", "codec can't decode"),
    ],
)
def test_refuses_a_control_file_that_does_not_identify(tmp_path: Path, control: str, reason: str) -> None:
    with pytest.raises(BadInputError, match=reason):
        read_control(deb(tmp_path / "a.deb", control))


def test_refuses_a_package_without_control_file(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot read the package"):
        read_control(deb(tmp_path / "a.deb", "x", member="./other"))


def test_a_missing_file_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no such file"):
        read_control(tmp_path / "absent.deb")


def test_refuses_a_control_archive_that_claims_an_impossible_size(tmp_path: Path) -> None:
    # A sparse member: a few bytes that tarfile would read as gigabytes of zeros.
    sparse = tarfile.TarInfo("./control")
    sparse.type = tarfile.GNUTYPE_SPARSE
    head = bytearray(sparse.tobuf(tarfile.GNU_FORMAT))
    head[386:482] = b"00000000000\0" * 8
    head[482:495] = b"\0" + b"77777777777\0"
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    path = deb(tmp_path / "a.deb", "x")
    evil = gzip.compress(bytes(head) + bytes(1024), mtime=0)
    parts = (("debian-binary", b"2.0\n"), ("control.tar.gz", evil), ("data.tar.gz", tarball("./x", b"")))
    body = b"".join(ar.header(name, len(data), 0) + data + ar.padding(len(data)) for name, data in parts)
    path.write_bytes(ar.MAGIC + body)
    with pytest.raises(BadInputError, match="impossible size"):
        read_control(path)


def test_a_package_that_is_no_module_says_so(tmp_path: Path) -> None:
    path = deb(tmp_path / "a.deb", "Package: abc\nVersion: 1\nArchitecture: all\n")
    for read in (read_module, lambda path: extract_fragment(path, tmp_path / "out")):
        with pytest.raises(BadInputError, match="not stored as in a module's package"):
            read(path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("place", [200, 3000, 60000, -30])
def test_a_flipped_byte_never_gives_another_fragment(place: int, tmp_path: Path) -> None:
    pair = write_pair(tmp_path)
    content = bytearray(pair.deb.read_bytes())
    content[place] ^= 0x10
    pair.deb.write_bytes(content)
    receipt = None
    with suppress(BadInputError):
        receipt = extract_fragment(pair.deb, tmp_path / "out")
    assert (tmp_path / "out").exists() == (receipt is not None)
    assert receipt is None or receipt.sha256 == pair.module.fragment.sha256


@pytest.mark.parametrize("kept", [0, 7, 8, 67, 500, 5000, -2])
def test_a_package_that_is_cut_off_is_refused(kept: int, tmp_path: Path) -> None:
    pair = write_pair(tmp_path)
    pair.deb.write_bytes(pair.deb.read_bytes()[:kept])
    for read in (read_control, read_module, lambda path: extract_fragment(path, tmp_path / "out")):
        with pytest.raises(BadInputError):
            read(pair.deb)


def test_the_changelog_is_that_of_the_module(tmp_path: Path) -> None:
    pair = write_pair(tmp_path)
    assert check_contents(pair.deb, package=pair.module.package_name) == changelog_text(pair.module)
    assert check_contents(pair.deb, package="other") is None
