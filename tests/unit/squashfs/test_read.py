from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.squashfs.read import open_image, read_file, read_tree
from tests.support.tiny import BLOCK, Node, Tiny

if TYPE_CHECKING:
    from pathlib import Path

LARGE = bytes(range(256)) * 40


@pytest.fixture
def image(tmp_path: Path) -> Path:
    file = Node(content=LARGE, mode=0o4755, same="one", xattr=0)
    tree = {"d": {"f": file, "g": file}, "l": "d/f", "w": Node(kind=5), "s": Node(kind=7)}
    path = tmp_path / "image"
    path.write_bytes(Tiny(tree=tree, xattrs=[[(2, b"capability", b"c")]]).image())
    return path


def test_a_tree_has_all_paths_with_their_facts(image: Path) -> None:
    tree = read_tree(image)
    assert list(tree.paths) == ["d", "d/f", "d/g", "l", "s", "w"]
    assert (tree["d/f"].kind, tree["d/f"].mode, tree["d/f"].size) == ("file", 0o4755, len(LARGE))
    assert tree["d/f"].attributes == ((b"security.capability", b"c"),)
    assert tree["d/f"].number == tree["d/g"].number
    assert (tree["l"].kind, tree["l"].target) == ("symlink", b"d/f")
    assert (tree["w"].kind, tree["s"].kind, tree.root.kind) == ("char", "socket", "dir")
    assert "d" in tree
    assert "x" not in tree


def test_content_is_read(image: Path) -> None:
    assert read_file(image, "d/g") == LARGE
    with open_image(image) as opened:
        assert [size for _, size in opened.blocks("d/f")] == [BLOCK, BLOCK, 2048]


def test_what_is_no_file_or_too_large_is_refused(image: Path) -> None:
    with open_image(image, name="core") as opened:
        with pytest.raises(BadInputError, match=r"core: .*no file /d"):
            opened.read("d")
        with pytest.raises(BadInputError, match="no file /nothing"):
            opened.read("nothing")
        with pytest.raises(BadInputError, match="10240 bytes, more than 100"):
            opened.read("d/f", most=100)


def test_a_block_that_gives_too_little_is_told_with_its_path(image: Path) -> None:
    content = bytearray(image.read_bytes())
    start = content.index(LARGE[:64])
    # Said to be compressed: then it is none of gzip's.
    place = content.index((BLOCK | 1 << 24).to_bytes(4, "little"), start + len(LARGE))
    content[place + 3] = 0
    image.write_bytes(content)
    with pytest.raises(BadInputError, match="/d/f: it cannot be decompressed"):
        read_file(image, "d/f")


def test_holes_take_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "image"
    content = bytearray(Tiny(tree={"f": b"x" * BLOCK}).image())
    place = content.index((BLOCK | 1 << 24).to_bytes(4, "little"), 96 + BLOCK)
    content[place : place + 4] = bytes(4)
    path.write_bytes(content)
    with open_image(path) as opened:
        assert list(opened.blocks("f")) == [(b"", BLOCK)]
        assert opened.read("f") == bytes(BLOCK)
