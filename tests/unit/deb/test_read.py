"""Reading a .deb."""

from __future__ import annotations

import gzip
import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from modpkg.deb import ar
from modpkg.deb.read import read_control
from modpkg.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path


def tarball(name: str, content: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(target.getvalue())


def deb(path: Path, control: str, *, member: str = "./control") -> Path:
    parts = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": tarball(member, control.encode()),
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
