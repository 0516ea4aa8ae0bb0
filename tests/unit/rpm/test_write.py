"""Writing an .rpm, judged by rpmfile."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest
import rpmfile

from modpkg.errors import BadInputError, ModpkgError
from modpkg.rpm.read import extract_fragment, read_module
from modpkg.rpm.write import write_rpm
from tests.support.modules import module
from tests.support.packages import DOCUMENTS, write_pair

if TYPE_CHECKING:
    from pathlib import Path

FRAGMENT = "./usr/share/modpkg/modules/bookworm/slurm/fragment.squashfs"


def test_the_name_is_that_of_the_format_and_nothing_else_is_left(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"fragment")
    path = write_rpm(module(b"fragment"), fragment=tmp_path / "f", documents={}, directory=tmp_path / "o")
    assert path == tmp_path / "o" / "modpkg-module-slurm-bookworm-23.11.4-2.x86_64.rpm"
    assert list((tmp_path / "o").iterdir()) == [path]


def test_rpmfile_reads_payload_and_digests(tmp_path: Path) -> None:
    pair = write_pair(tmp_path)
    content = pair.rpm.read_bytes()
    with rpmfile.open(pair.rpm) as package:
        start, end = package.header_range
        assert package.headers["sha256"].decode() == hashlib.sha256(content[start:end]).hexdigest()
        assert package.headers["payloaddigest"] == [hashlib.sha256(content[end:]).hexdigest().encode()]
        with package.extractfile(FRAGMENT) as stream:
            assert stream.read() == pair.fragment.read_bytes()
        members = {member.name for member in package.getmembers()}
    assert "./usr/share/doc/modpkg-module-slurm-bookworm/packages.changelog.gz" in members


def test_both_packages_hold_the_same_module(tmp_path: Path) -> None:
    pair = write_pair(tmp_path)
    assert read_module(pair.rpm) == pair.module
    assert extract_fragment(pair.rpm, tmp_path / "out").sha256 == pair.module.fragment.sha256


@pytest.mark.parametrize("size", [0, 1, 2, 3, 65535, 65536, 3 << 20])
def test_fragments_of_any_size(size: int, tmp_path: Path) -> None:
    pair = write_pair(tmp_path, os.urandom(size))
    assert extract_fragment(pair.rpm, tmp_path / "out").size == size


@pytest.mark.parametrize("content", [b"less", b"longer than what module.json says"])
def test_refuses_another_fragment_and_leaves_nothing(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(BadInputError, match="is not the fragment"):
        write_rpm(module(b"right"), fragment=tmp_path / "f", documents=DOCUMENTS, directory=tmp_path / "o")
    assert list((tmp_path / "o").iterdir()) == []


def test_refuses_a_fragment_that_does_not_fit_32_bits(tmp_path: Path) -> None:
    huge = module()
    huge = huge.model_copy(update={"fragment": huge.fragment.model_copy(update={"size": 1 << 32})})
    with pytest.raises(ModpkgError, match="less than 4 GiB"):
        write_rpm(huge, fragment=tmp_path / "f", documents={}, directory=tmp_path)
