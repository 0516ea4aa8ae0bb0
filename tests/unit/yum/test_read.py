from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.yum.read import header_digest, read_package, read_rpm
from tests.support.modules import EPOCH
from tests.support.packages import write_pair

if TYPE_CHECKING:
    from pathlib import Path


def test_facts_of_a_module_package(tmp_path: Path) -> None:
    pair = write_pair(tmp_path, b"fragment", name="core", version="1.2.3-4")
    facts = read_rpm(pair.rpm)
    assert (facts.name, facts.version, facts.release) == ("modpkg-module-core-bookworm", "1.2.3", "4")
    assert (facts.architecture, facts.build_time) == ("x86_64", EPOCH)
    assert facts.fragment == hashlib.sha256(b"fragment").hexdigest()
    assert facts.header_sha256 == header_digest(pair.rpm)


def test_other_content_has_another_header_digest(tmp_path: Path) -> None:
    one, other = (write_pair(tmp_path / text, text.encode()).rpm for text in ("one", "other"))
    assert header_digest(one) != header_digest(other)


def test_createrepo_agrees_with_the_digest(tmp_path: Path) -> None:
    rpm = write_pair(tmp_path).rpm
    assert read_package(rpm).pkgId == hashlib.sha256(rpm.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "content", [b"", b"not an rpm", b"\xed\xab\xee\xdb", b"\xed\xab\xee\xdb" + bytes(200)]
)
def test_what_is_no_rpm_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.rpm"
    path.write_bytes(content)
    with pytest.raises(BadInputError):
        read_rpm(path)
    with pytest.raises(BadInputError):
        header_digest(path)


@pytest.mark.parametrize("keep", [100, 112, 120, 500])
def test_an_rpm_that_is_cut_off_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "x.rpm"
    path.write_bytes(write_pair(tmp_path / "whole").rpm.read_bytes()[:keep])
    with pytest.raises(BadInputError):
        header_digest(path)


def test_sizes_that_a_header_claims_are_not_believed(tmp_path: Path) -> None:
    content = bytearray(write_pair(tmp_path / "whole").rpm.read_bytes())
    content[104:112] = b"\xff" * 8
    path = tmp_path / "x.rpm"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match="without a sha256 digest"):
        header_digest(path)
