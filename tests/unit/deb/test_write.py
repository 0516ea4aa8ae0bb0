"""Writing a .deb, judged by python-debian and tarfile."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from debian.debfile import DebFile

from modpkg.deb.read import extract_fragment, read_control, read_module
from modpkg.deb.write import write_deb
from modpkg.errors import BadInputError, ModpkgError
from tests.support.modules import EPOCH, module
from tests.support.packages import DOCUMENTS, write_pair

if TYPE_CHECKING:
    from pathlib import Path

PLACE = "usr/share/modpkg/modules/bookworm/slurm"


def test_the_name_is_that_of_the_format_and_nothing_else_is_left(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"fragment")
    path = write_deb(module(b"fragment"), fragment=tmp_path / "f", documents={}, directory=tmp_path / "o")
    assert path == tmp_path / "o" / "modpkg-module-slurm-bookworm_23.11.4-2_amd64.deb"
    assert list((tmp_path / "o").iterdir()) == [path]


def test_python_debian_reads_it(tmp_path: Path) -> None:
    pair = write_pair(tmp_path)
    with DebFile(pair.deb) as package:
        assert package.version == b"2.0"
        assert package.debcontrol()["Modpkg-Platform"] == "bookworm"
        assert package.data.get_content(f"{PLACE}/fragment.squashfs") == pair.fragment.read_bytes()
        changelog = package.changelog()
        assert changelog is not None
        assert str(changelog.version) == "23.11.4-2"
        assert package.control.scripts() == {}
        assert {(entry.mtime, entry.uid, entry.gname) for entry in package.data.tgz()} == {(EPOCH, 0, "root")}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    pair = write_pair(tmp_path, marks=("fast",))
    assert read_module(pair.deb) == pair.module
    assert read_control(pair.deb)["Modpkg-Marks"] == "fast"
    receipt = extract_fragment(pair.deb, tmp_path / "out")
    assert receipt.path.read_bytes() == pair.fragment.read_bytes()


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 3 << 20])
def test_fragments_of_any_size(size: int, tmp_path: Path) -> None:
    pair = write_pair(tmp_path, os.urandom(size))
    assert extract_fragment(pair.deb, tmp_path / "out").size == size


@pytest.mark.parametrize("content", [b"less", b"longer than what module.json says"])
def test_refuses_another_fragment_and_leaves_nothing(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(BadInputError, match="is not the fragment") as caught:
        write_deb(module(b"right"), fragment=tmp_path / "f", documents=DOCUMENTS, directory=tmp_path / "o")
    assert caught.value.where == str(tmp_path / "f")
    assert list((tmp_path / "o").iterdir()) == []


def test_refuses_a_fragment_that_does_not_fit_tar(tmp_path: Path) -> None:
    huge = module()
    huge = huge.model_copy(update={"fragment": huge.fragment.model_copy(update={"size": 8 << 30})})
    with pytest.raises(ModpkgError, match="less than 8 GiB"):
        write_deb(huge, fragment=tmp_path / "f", documents={}, directory=tmp_path)
