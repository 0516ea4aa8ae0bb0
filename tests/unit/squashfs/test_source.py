from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.squashfs.source import joined, open_source
from tests.support.tiny import Tiny

if TYPE_CHECKING:
    from pathlib import Path

TINY = Tiny(tree={"a": b"x"}, xattrs=[[(0, b"k", b"v")]])
IMAGE = TINY.image()


def _refusal(place: Path, image: bytes) -> str:
    path = place / "image"
    path.write_bytes(image)
    with pytest.raises(BadInputError) as caught, open_source("core", path):
        pass
    assert caught.value.where == "core"
    return caught.value.what


def _with(place: int, content: bytes) -> bytes:
    return IMAGE[:place] + content + IMAGE[place + len(content) :]


def test_all_tables_are_read(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(Tiny(tree={"a": b"x"}, ids=(5, 70000), options=b"\1\2\3\4").image())
    with open_source("core", path) as source:
        assert source.ids == (5, 70000)
        assert source.options == b"\1\2\3\4"
        assert source.data_start == 96 + 6
        assert len(source.inodes.data) == 56 + 4 + 40
        assert source.xattr_ids == ()


def test_an_image_that_is_cut_is_named(tmp_path: Path) -> None:
    used = int.from_bytes(IMAGE[40:48], "little")
    assert "it is cut short: it should have" in _refusal(tmp_path, IMAGE[: used - 1])
    assert "shorter than a superblock" in _refusal(tmp_path, b"")


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (_with(26, b"\0\x30"), "owners has another size"),
        (_with(48, b"\xff\xff\xff\xff\0\0\0\0"), "owners has another size"),
        (_with(56, b"\xff\xff\xff\xff\0\0\0\0"), "attributes lies where none can be"),
        (_with(56, b"\0" * 8), "attributes lies where none can be"),
        (_with(88, b"\0" * 8), "exports"),
        (_with(4, b"\xff\xff\0\0"), "65535 inodes and cannot hold that many"),
        (_with(16, b"\1\0\0\0"), "fragments has another size"),
        (_with(20, b"\3"), "lzo is not supported"),
        (_with(24, b"\0\4"), "options of its compressor"),
        (_with(64, (98).to_bytes(8, "little")), "inodes"),
    ],
)
def test_tables_that_cannot_be_are_refused(tmp_path: Path, image: bytes, words: str) -> None:
    assert words in _refusal(tmp_path, image)


def test_names_that_are_not_utf8_can_be_told(tmp_path: Path) -> None:
    assert joined("a", b"\xff") == "a/\udcff"
    path = tmp_path / "image"
    path.write_bytes(IMAGE)
    with open_source("core", path) as source, pytest.raises(BadInputError, match=r"/a/\\xff: it is odd"):
        source.refuse(ValueError("it is odd"), "a", b"\xff")


def test_names_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(IMAGE)
    with open_source("core", path) as source, pytest.raises(BadInputError) as caught:
        source.refuse(ValueError("it is odd"), "ä", b"\x1b[2Jb")
    assert caught.value.what.isprintable()
    assert "[2Jb: it is odd" in caught.value.what
