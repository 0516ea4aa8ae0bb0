from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.rpm.signature import read_signed_header
from modpkg.yum.read import header_digest
from tests.support.repos import make_pair

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def rpm(tmp_path: Path) -> Path:
    return make_pair(tmp_path)[1]


def test_the_header_that_a_signature_covers_is_taken_out(rpm: Path) -> None:
    with rpm.open("rb") as stream:
        header = read_signed_header(stream, where="core.rpm")
    found = (header.name, header.version, header.release, header.architecture)
    assert found == ("modpkg-module-core-bookworm", "1.0.0", "1", "x86_64")
    assert hashlib.sha256(header.content).hexdigest() == header_digest(rpm)
    assert header.signature == b""


def test_the_payload_is_not_needed(rpm: Path) -> None:
    content = rpm.read_bytes()
    header = read_signed_header(io.BytesIO(content), where="core.rpm")
    end = content.index(header.content) + len(header.content)
    assert read_signed_header(io.BytesIO(content[:end]), where="core.rpm") == header
    with pytest.raises(BadInputError, match="its header is cut off"):
        read_signed_header(io.BytesIO(content[: end - 1]), where="core.rpm")


def test_a_changed_header_is_refused(rpm: Path) -> None:
    content = rpm.read_bytes().replace(b"/usr/share/doc/\0", b"/usr/share/dog/\0")
    with pytest.raises(BadInputError, match="its header does not match its digest") as caught:
        read_signed_header(io.BytesIO(content), where="core.rpm")
    assert caught.value.where == "core.rpm"


@pytest.mark.parametrize("content", [b"", b"<html>", bytes(200), b"\xed\xab\xee\xdb" + bytes(300)])
def test_what_is_no_rpm_is_refused(content: bytes) -> None:
    with pytest.raises(BadInputError, match="cannot read the package"):
        read_signed_header(io.BytesIO(content), where="x")
