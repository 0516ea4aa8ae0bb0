"""Splices of what mksquashfs makes, read by unsquashfs: what tiny images cannot have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.host.run import run
from modpkg.squashfs.pack import Settings, pack_tree
from modpkg.squashfs.read import open_image, read_file, read_tree
from modpkg.squashfs.splice import SpliceLayer, splice

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.programs
SETTINGS = Settings(level=3, block_size=1 << 20, time=0)


def _splice(place: Path, *trees: Path, exclude: tuple[str, ...] = ()) -> Path:
    layers = []
    for number, tree in enumerate(trees):
        path = place / f"{number}.squashfs"
        pack_tree(tree, path, SETTINGS)
        layers.append(SpliceLayer(name=tree.name, path=path))
    return splice(layers, place / "image.squashfs", time=0, exclude=exclude).path


def test_a_file_of_more_than_4_gib_stays_whole(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    with (tree / "large").open("wb") as stream:
        stream.truncate((4 << 30) + 12345)
        stream.seek(4 << 30)
        stream.write(b"behind 4 GiB")
    image = _splice(tmp_path, tree)
    entry = read_tree(image)["large"]
    assert entry.size == (4 << 30) + 12345
    assert image.stat().st_size < 1 << 20
    with open_image(image) as opened:
        *_, (content, size) = opened.blocks("large")
    assert size == 12345
    assert content.startswith(b"behind 4 GiB")
    listed = run(["unsquashfs", "-lln", image]).stdout
    assert str((4 << 30) + 12345) in listed


def test_a_large_directory_is_found_by_its_index(tmp_path: Path) -> None:
    trees = [tmp_path / "lower", tmp_path / "upper"]
    for number, tree in enumerate(trees):
        tree.mkdir()
        for name in range(number, 6000, 2):
            (tree / f"{name:05}-with-a-long-name").write_bytes(b"%d" % name)
    image = _splice(tmp_path, *trees)
    assert len(read_tree(image).paths) == 6000
    # unsquashfs finds a single name by the sorted list.
    for name in (0, 1, 4097, 5999):
        path = f"{name:05}-with-a-long-name"
        assert run(["unsquashfs", "-cat", image, path]).stdout == str(name)
        assert read_file(image, path) == b"%d" % name


def test_a_tail_beyond_its_fragment_block_is_refused(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "f").write_bytes(os.urandom(3000))
    image = tmp_path / "image"
    run(["mksquashfs", tree, image, "-b", "4096", "-noI", "-quiet", "-no-progress"])
    content = bytearray(image.read_bytes())
    inodes = int.from_bytes(content[64:72], "little") + 2
    # A basic file: head of 16 bytes, start, fragment, offset.
    assert content[inodes] == 2
    content[inodes + 24 : inodes + 28] = (1200).to_bytes(4, "little")
    image.write_bytes(content)
    with pytest.raises(BadInputError, match=r"slurm: .*/f: its end lies in no fragment block"):
        splice([SpliceLayer(name="slurm", path=image)], tmp_path / "out", time=0)
