from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING

import pytest

from modpkg.squashfs.emit import Emitter
from modpkg.squashfs.layout import LayerData, Run, fragment_table
from modpkg.squashfs.overlay import Directory, Merged
from modpkg.squashfs.owners import Owners
from modpkg.squashfs.source import Source, open_source
from modpkg.squashfs.xattrs import Reader, Writer
from tests.support.tiny import BLOCK, Tiny

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOISE = random.Random(5).randbytes(40 * BLOCK)  # noqa: S311 - no secret


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    path = tmp_path / "image"
    # In the image one behind the other, from byte 96: 20 blocks, 1 block, 3 bytes, 40 blocks.
    tree = {"a": NOISE[: 20 * BLOCK], "b": NOISE[:BLOCK], "c": b"abc", "d": NOISE}
    path.write_bytes(Tiny(tree=tree).image())
    with open_source("core", path) as opened:
        yield opened


def _keys(source: Source) -> dict[str, int]:
    merged = Merged()
    merged.add(source, Reader(source), 0)
    return {
        name.decode(): key for name, key in merged.root.children.items() if not isinstance(key, Directory)
    }


def _placed(source: Source, names: str, target: int) -> tuple[list[Run], int, LayerData]:
    data, keys = LayerData(source), _keys(source)
    for name in names:
        data.use(keys[name])
    return (*data.place(0, target), data)


B_START, C_START, D_START = 96 + 20 * BLOCK, 96 + 21 * BLOCK, 99 + 21 * BLOCK


def test_neighbours_are_one_run(source: Source) -> None:
    runs, end, _ = _placed(source, "abcd", 96)
    assert runs == [Run(layer=0, start=96, target=96, size=61 * BLOCK + 3)]
    assert end == 99 + 61 * BLOCK


def test_a_long_run_keeps_its_offset_in_a_page_and_a_short_one_does_not(source: Source) -> None:
    runs, end, data = _placed(source, "bd", 1000)
    assert runs[0] == Run(layer=0, start=B_START, target=1000, size=BLOCK)
    assert runs[1].start == D_START
    assert runs[1].target % 4096 == D_START % 4096
    assert 1000 + BLOCK <= runs[1].target < 1000 + 2 * BLOCK
    assert end == runs[1].target + 40 * BLOCK
    assert data.moved == {B_START: 1000, D_START: runs[1].target}


def test_nothing_used_is_nothing_copied(source: Source) -> None:
    assert _placed(source, "", 500)[:2] == ([], 500)


def test_data_behind_4_gib_has_a_place_in_an_extended_inode(source: Source) -> None:
    _, _, data = _placed(source, "ad", 5 << 32)
    emitter = Emitter([data], [0], {}, Owners(), ([Reader(source)], Writer()))
    kind, inode = emitter.leaf(_keys(source)["d"], 7, 1)
    assert kind == 2
    assert struct.unpack_from("<H", inode) == (9,)
    assert struct.unpack_from("<2Q", inode, 16) == (data.moved[D_START], 40 * BLOCK)
    assert data.moved[D_START] > 5 << 32


def test_images_without_fragment_blocks_have_no_table(source: Source) -> None:
    assert fragment_table([LayerData(source), LayerData(source)]) == (b"", [0, 0])
