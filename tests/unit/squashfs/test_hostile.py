"""Images that no program makes: each is refused by name, with what is wrong with it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.squashfs.read import read_tree
from modpkg.squashfs.splice import SpliceLayer, splice
from tests.support.tiny import Node, Tiny

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TREE = {"d": {"b": b"x" * 5000, "c": b""}, "e": {}, "f": "target"}
IMAGE = Tiny(tree=TREE).image()


def _table(image: bytes, field: int) -> int:
    return int(struct.unpack_from("<Q", image, field)[0]) + 2


INODES, LISTINGS = _table(IMAGE, 64), _table(IMAGE, 72)
# In the order in which they are written: d/b, d/c, d, e, f, root.
B, C = INODES, INODES + 56 + 8
D = C + 56
E = D + 40
F = E + 40
ROOT = F + 24 + 6 + 4
# Each listing entry: a header of 12 bytes, 8 bytes, the name.
ENTRY_B, ENTRY_C = LISTINGS, LISTINGS + 21
ENTRY_D, ENTRY_E = LISTINGS + 42, LISTINGS + 63


def _set(place: int, layout: str, value: int) -> Callable[[bytearray], None]:
    def change(image: bytearray) -> None:
        struct.pack_into(layout, image, place, value)

    return change


HOSTILE = {
    "a directory in itself": (_set(ENTRY_B + 12, "<H", ROOT - INODES), "another inode than it says"),
    "a slash in a name": (_set(ENTRY_B + 20, "<B", ord("/")), "not in order"),
    "a zero in a name": (_set(ENTRY_B + 20, "<B", 0), "not in order"),
    "a dot": (_set(ENTRY_B + 20, "<B", ord(".")), "not in order"),
    "names out of order": (_set(ENTRY_B + 20, "<B", ord("z")), "not in order"),
    "a name twice": (_set(ENTRY_B + 20, "<B", ord("c")), "not in order"),
    "a long name": (_set(ENTRY_B + 18, "<H", 300), "not in order"),
    "a type of none": (_set(ENTRY_B + 16, "<H", 9), "not in order"),
    "another type": (_set(ENTRY_B + 16, "<H", 3), "another inode than it says"),
    "another number": (_set(ENTRY_B + 14, "<h", 7), "another inode than it says"),
    "an inode elsewhere": (_set(ENTRY_B + 12, "<H", 8000), "not in order"),
    "a block elsewhere": (_set(ENTRY_B + 4, "<I", 77), "not in order"),
    "many entries": (_set(ENTRY_B, "<I", 256), "not in order"),
    "an entry too many": (_set(ENTRY_C, "<I", 1), "cut short"),
    "no header": (_set(D + 20, "<I", 3 + 5), "cut short"),
    "a list elsewhere": (_set(D + 34, "<H", 8000), "lies where none can be"),
    "a list of minus one": (_set(D + 20, "<I", 2), "lies where none can be"),
    "a huge list": (_set(D + 20, "<I", 0xFFFFFFFF), "lies where none can be"),
    "a shared list": (_set(E + 20, "<I", 3 + 42), "that of another directory|two places"),
    "a mode": (_set(B + 2, "<H", 0o100644), "a mode or an owner is none"),
    "an owner": (_set(B + 4, "<H", 2), "a mode or an owner is none"),
    "a number twice": (_set(C + 12, "<I", 1), "another inode than it says"),
    "a size": (_set(B + 24, "<Q", 1 << 62), "more than there can be"),
    "a start in front": (_set(B + 16, "<Q", 0), "lies where none can be"),
    "a start behind": (_set(B + 16, "<Q", 1 << 40), "lies where none can be"),
    "a start in the tables": (_set(B + 16, "<Q", INODES - 100), "lies where none can be"),
    "a block of 5000": (_set(B + 56, "<I", 1 << 24 | 5000), "larger than blocks are"),
    "a short block": (_set(B + 56, "<I", 1 << 24 | 40), "larger or smaller than it should be"),
    "a strange bit": (_set(B + 56, "<I", 1 << 25 | 4096), "larger than blocks are"),
    "a fragment": (_set(B + 44, "<I", 0), "in no fragment block"),
    "attributes": (_set(B + 52, "<I", 0), "attributes that are not there"),
    "attributes of a directory": (_set(D + 36, "<I", 5), "attributes that are not there"),
    "a target of zeros": (_set(F + 24, "<B", 0), "leads nowhere"),
    "an empty target": (_set(F + 20, "<I", 0), "leads nowhere"),
    "a huge target": (_set(F + 20, "<I", 0xFFFFFFFF), "leads nowhere"),
    "a root of another kind": (_set(ROOT, "<H", 9), "root is no directory"),
    "a root elsewhere": (_set(32, "<Q", 8191), "cut short"),
    "a root in another block": (_set(32, "<Q", 77 << 16), "cut short"),
    "a root's mode": (_set(ROOT + 2, "<H", 0xFFFF), "mode that is none"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_by_name_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    change, words = HOSTILE[name]
    image = bytearray(IMAGE)
    change(image)
    path = tmp_path / "bad"
    path.write_bytes(image)
    with pytest.raises(BadInputError, match=words) as caught:
        splice([SpliceLayer(name="slurm", path=path)], tmp_path / "image", time=0)
    assert caught.value.where == "slurm"
    assert not (tmp_path / "image").exists()
    with pytest.raises(BadInputError, match=words):
        read_tree(path)


def test_the_undamaged_image_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "good"
    path.write_bytes(IMAGE)
    assert list(read_tree(path).paths) == ["d", "d/b", "d/c", "e", "f"]


def test_a_directory_with_two_parents_is_refused(tmp_path: Path) -> None:
    shared = Node(kind=1, content={}, same="one")
    path = tmp_path / "bad"
    path.write_bytes(Tiny(tree={"a": shared, "b": shared}).image())
    with pytest.raises(BadInputError, match="a directory in it has two places"):
        read_tree(path)


def test_directories_deeper_than_any_path_are_refused(tmp_path: Path) -> None:
    tree: dict[str, object] = {}
    for _ in range(20):
        tree = {"n" * 255: tree}
    path = tmp_path / "bad"
    path.write_bytes(Tiny(tree=tree).image())
    with pytest.raises(BadInputError, match="nested too deeply"):
        read_tree(path)
