"""What is refused before a library sees a .deb."""

from __future__ import annotations

import errno
import gzip
import io
import zlib
from typing import TYPE_CHECKING

import pytest

from modpkg.deb import ar
from modpkg.deb.guard import CONTROL_LIMIT, control_archive, parts, refusing
from modpkg.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path


def archive(*members: tuple[str, bytes]) -> bytes:
    body = b""
    for name, data in members:
        body += ar.header(name, len(data), 0) + data + b"\n" * (len(data) % 2)
    return ar.MAGIC + body


def parts_of(data: bytes) -> tuple[ar.Member, ar.Member]:
    return parts(io.BytesIO(data), len(data))


BINARY = ("debian-binary", b"2.0\n")
CONTROL = ("control.tar.gz", gzip.compress(b"x" * 1024, mtime=0))
DATA = ("data.tar.gz", gzip.compress(b"y" * 1024, mtime=0))


def test_gives_control_and_data() -> None:
    control, data = parts_of(archive(BINARY, CONTROL, DATA))
    assert (control.name, data.name) == ("control.tar.gz", "data.tar.gz")
    assert data.size == len(DATA[1])


def test_ignores_members_that_begin_with_an_underscore() -> None:
    control, _ = parts_of(archive(BINARY, ("_gpgorigin", b"abc"), CONTROL, DATA))
    assert control.name == "control.tar.gz"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>404</html>",
        ar.MAGIC,
        archive(CONTROL, BINARY, DATA),
        archive(("debian-binary", b"3.0\n"), CONTROL, DATA),
        archive(BINARY, CONTROL),
        archive(BINARY, DATA, CONTROL),
        archive(BINARY, CONTROL, ("data.tar.foo", DATA[1])),
        archive(BINARY, CONTROL, ("stranger", b""), DATA),
        archive(BINARY, CONTROL, DATA, CONTROL),
        archive(BINARY, CONTROL, DATA)[:-9],
        archive(*[BINARY] * 40),
    ],
)
def test_refuses_another_structure(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parts_of(data)


def test_refuses_a_negative_size() -> None:
    # python-debian would seek backwards and read the same header for ever.
    bad = archive(BINARY, CONTROL, DATA).replace(f"{len(DATA[1]):<10}`".encode(), b"-60       `")
    with pytest.raises(ValueError, match="begins no member"):
        parts_of(bad)


def test_refuses_a_control_member_that_unpacks_to_too_much() -> None:
    bomb = archive(BINARY, ("control.tar.gz", gzip.compress(bytes(CONTROL_LIMIT + 1), mtime=0)), DATA)
    control, _ = parts_of(bomb)
    with pytest.raises(ValueError, match="unpacks to more"):
        control_archive(io.BytesIO(bomb), control)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("control.tar.gz", CONTROL[1][:-4], "cut off"),
        ("control.tar.gz", CONTROL[1] + b"more", "behind its end"),
        ("control.tar.zst", b"(\xb5/\xfd", "neither writes nor reads"),
        ("control.tar.bz2", b"BZh9", "cut off"),
    ],
)
def test_refuses_a_broken_control_member(name: str, content: bytes, reason: str) -> None:
    bad = archive(BINARY, (name, content), DATA)
    control, _ = parts_of(bad)
    with pytest.raises((ValueError, EOFError), match=reason):
        control_archive(io.BytesIO(bad), control)


@pytest.mark.parametrize("fault", [zlib.error("bad"), EOFError(), KeyError("x"), OSError("bad")])
def test_a_fault_names_the_package(fault: Exception, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "a.deb"
    with pytest.raises(BadInputError) as caught, refusing(path):
        raise fault
    assert caught.value.where == str(path)
    assert caught.value.what.startswith("cannot read the package: ")


def test_a_full_disk_is_not_the_fault_of_the_package(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left"), refusing(tmp_path / "a.deb"):
        raise OSError(errno.ENOSPC, "No space left on device")
