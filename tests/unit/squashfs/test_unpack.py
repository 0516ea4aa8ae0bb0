from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.squashfs.unpack import extract
from tests.support.tiny import Node, Tiny

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def image(tmp_path: Path) -> Path:
    tree = {
        "boot": {"vmlinuz": Node(content=b"kernel", mode=0o600), "old": {"x": b""}},
        "etc": {"l": "/etc/passwd", "f": b"1" * 5000},
        "dev": {"null": Node(kind=5, device=259)},
    }
    path = tmp_path / "image"
    path.write_bytes(Tiny(tree=tree).image())
    return path


def test_chosen_paths_are_written_with_mode_and_time(image: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    assert extract(image, ["boot/vmlinuz", "etc"], target) == [
        "boot",
        "boot/vmlinuz",
        "etc",
        "etc/f",
        "etc/l",
    ]
    found = target / "boot/vmlinuz"
    assert found.read_bytes() == b"kernel"
    assert stat.S_IMODE(found.stat().st_mode) == 0o600
    assert found.stat().st_mtime == (target / "boot").stat().st_mtime == 7
    assert str((target / "etc/l").readlink()) == "/etc/passwd"
    assert not (target / "boot/old").exists()


def test_a_path_that_is_not_there_is_refused_before_anything_is_written(image: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="there is no /boot/initrd"):
        extract(image, ["etc", "boot/initrd"], tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_devices_are_refused(image: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="/dev/null is a char"):
        extract(image, ["dev"], tmp_path / "target")


def test_only_an_empty_directory_is_filled(image: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="is not empty"):
        extract(image, ["etc"], tmp_path)


def test_no_more_is_written_than_wanted(image: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="larger than it may be"):
        extract(image, ["etc"], tmp_path / "target", most=4999)
