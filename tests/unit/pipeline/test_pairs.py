from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.model.version import ModuleVersion
from modpkg.pipeline.identity import Identity
from modpkg.pipeline.pairs import WRITE_AGAIN, packages_in, read_pairs
from modpkg.pipeline.pool import Pooled
from tests.support.repos import make_pair

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY = Identity("modpkg-module-core-bookworm", ModuleVersion(1, 0, 0, 1), "amd64")


def test_names_of_files_tell_the_identity() -> None:
    assert IDENTITY.deb_name == "modpkg-module-core-bookworm_1.0.0-1_amd64.deb"
    assert IDENTITY.rpm_name == "modpkg-module-core-bookworm-1.0.0-1.x86_64.rpm"
    assert Identity.of_file(IDENTITY.deb_name) == IDENTITY
    assert Identity.of_file(IDENTITY.rpm_name) == IDENTITY
    assert Pooled(path=f"pool/x/{IDENTITY.deb_name}", sha256="").file_name == IDENTITY.deb_name


def test_packages_are_paired_by_what_they_hold_not_by_their_names(tmp_path: Path) -> None:
    deb, rpm = make_pair(tmp_path)
    other_deb, other_rpm = make_pair(tmp_path, "slurm", "23.2.0-1")
    renamed = deb.rename(tmp_path / "zzz.deb")
    found = read_pairs([other_rpm, renamed, rpm, other_deb])
    assert [str(pair.identity) for pair in found] == [
        str(IDENTITY),
        "modpkg-module-slurm-bookworm 23.2.0-1 amd64",
    ]
    assert [(pair.deb, pair.rpm) for pair in found] == [(renamed, rpm), (other_deb, other_rpm)]


def test_the_same_file_twice_is_one_package(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    assert len(read_pairs([*pair, *pair])) == 1


@pytest.mark.parametrize(("keep", "missing"), [(0, ".rpm"), (1, ".deb")])
def test_one_half_of_a_pair_is_refused(tmp_path: Path, keep: int, missing: str) -> None:
    with pytest.raises(BadInputError, match=f"without its {missing}"):
        read_pairs([make_pair(tmp_path)[keep]])


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="amd64 twice: "):
        read_pairs([*make_pair(tmp_path), *make_pair(tmp_path, content="other")])


def test_all_damaged_packages_are_told_at_once_with_the_way_out(tmp_path: Path) -> None:
    deb, rpm = make_pair(tmp_path)
    other = make_pair(tmp_path, "slurm", "23.2.0-1")
    for path in (deb, rpm):
        path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BadInputError) as caught:
        read_pairs([deb, rpm, *other])
    first, *lines = str(caught.value).splitlines()
    assert first == "cannot publish 2 packages:"
    assert [line.partition(": ")[0].strip() for line in lines[:2]] == sorted(map(str, (deb, rpm)))
    assert lines[2:] == [f"  hint: {WRITE_AGAIN}"]


def test_a_damaged_package_is_told_with_the_way_out(tmp_path: Path) -> None:
    deb, rpm = make_pair(tmp_path)
    rpm.write_bytes(b"")
    with pytest.raises(BadInputError) as caught:
        read_pairs([deb, rpm])
    assert (caught.value.where, caught.value.hint) == (str(rpm), WRITE_AGAIN)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"no \.deb and no \.rpm"):
        read_pairs([tmp_path / "notes.txt"])


@pytest.mark.parametrize("version", ["1.0-1", "1.0.0", "01.0.0-1", "1.0.0-1~rc1"])
def test_a_version_that_images_cannot_order_is_refused(tmp_path: Path, version: str) -> None:
    with pytest.raises(BadInputError):
        read_pairs(make_pair(tmp_path, version=version))


def test_an_architecture_without_a_name_in_both_worlds_is_refused(tmp_path: Path) -> None:
    deb, rpm = make_pair(tmp_path)
    deb.write_bytes(deb.read_bytes().replace(b"Architecture: amd64", b"Architecture: mips5"))
    with pytest.raises(BadInputError):
        read_pairs([deb, rpm])


def test_arm64_is_aarch64_to_rpm(tmp_path: Path) -> None:
    (pair,) = read_pairs(make_pair(tmp_path, architecture="arm64"))
    assert pair.identity.architecture == "arm64"
    assert pair.identity.rpm_name.endswith(".aarch64.rpm")


def test_the_packages_of_a_folder_are_found_beside_other_files(tmp_path: Path) -> None:
    deb, rpm = make_pair(tmp_path)
    (deb.parent / "notes.txt").touch()
    assert packages_in(deb.parent) == sorted([deb, rpm])


@pytest.mark.parametrize(
    ("name", "fault"),
    [("", r"there is no \.deb and no \.rpm"), ("nowhere", "No such file"), ("file", "Not a dir")],
)
def test_a_folder_without_packages_is_bad_input(tmp_path: Path, name: str, fault: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInputError, match=fault):
        packages_in(tmp_path / name)


def test_what_is_no_file_is_told_and_never_waited_for(tmp_path: Path) -> None:
    deb, rpm = make_pair(tmp_path)
    folder = deb.parent
    os.mkfifo(folder / "x.deb")
    (folder / "y.rpm").symlink_to("y.rpm")
    (folder / "z.deb").mkdir()
    with pytest.raises(BadInputError) as caught:
        read_pairs(packages_in(folder))
    assert caught.value.what.count("it is no file") == 2
    assert "Too many levels of symbolic links" in caught.value.what
    assert str(rpm) not in caught.value.what


def test_all_that_are_alone_are_told(tmp_path: Path) -> None:
    one, other = make_pair(tmp_path, version="1.0.0-1"), make_pair(tmp_path, version="1.0.0-2")
    with pytest.raises(BadInputError) as caught:
        read_pairs([one[0], other[1]])
    assert "1.0.0-1 amd64 without its .rpm" in caught.value.what
    assert "1.0.0-2 amd64 without its .deb" in caught.value.what
