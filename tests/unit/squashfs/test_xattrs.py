from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.squashfs.source import FAULTS, open_source
from modpkg.squashfs.xattrs import Reader, Writer, is_opaque, own
from tests.support.tiny import Tiny

if TYPE_CHECKING:
    from pathlib import Path

OPAQUE = ((b"trusted.overlay.opaque", b"y"),)


def _read(place: Path, attributes: list[tuple[int, bytes, bytes]]) -> object:
    path = place / "image"
    path.write_bytes(Tiny(tree={}, xattrs=[attributes]).image())
    with open_source("core", path) as source:
        return Reader(source).read(0)


def test_prefixes_are_told_in_full(tmp_path: Path) -> None:
    found = _read(tmp_path, [(0, b"a", b"1"), (1, b"b", b""), (2, b"capability", b"\0x")])
    assert found == ((b"user.a", b"1"), (b"trusted.b", b""), (b"security.capability", b"\0x"))


@pytest.mark.parametrize(
    "attributes",
    [
        [(3, b"a", b"1")],
        [(0, b"", b"1")],
        [(0, b"a\0b", b"1")],
        [(0, b"a", b"1"), (0, b"a", b"2")],
        [(0, b"n" * 251, b"1")],
        [(0x100, b"a", b"12345678")],
        [(0x100, b"a", b"1")],
    ],
)
def test_attributes_that_cannot_be_are_refused(
    tmp_path: Path, attributes: list[tuple[int, bytes, bytes]]
) -> None:
    with pytest.raises(FAULTS):
        _read(tmp_path, attributes)


def test_a_number_without_attributes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(Tiny(tree={}).image())
    with open_source("core", path) as source:
        assert Reader(source).read(0xFFFF_FFFF) == ()
        with pytest.raises(ValueError, match="not there"):
            Reader(source).read(0)


def test_marks_of_overlayfs_are_left_out() -> None:
    assert own((*OPAQUE, (b"user.overlay.origin", b"1"), (b"user.mine", b"2"))) == ((b"user.mine", b"2"),)
    assert is_opaque(OPAQUE)
    assert is_opaque(((b"user.overlay.opaque", b"y"),))
    assert not is_opaque(((b"user.opaque", b"y"),))


@pytest.mark.parametrize("mark", ["redirect", "metacopy", "whiteout"])
@pytest.mark.parametrize("prefix", ["trusted", "user"])
def test_marks_that_lead_to_other_layers_are_refused(prefix: str, mark: str) -> None:
    with pytest.raises(ValueError, match=f"{prefix}.overlay.{mark} leads to another layer"):
        own(((f"{prefix}.overlay.{mark}".encode(), b""),))


def test_another_kind_of_opaque_is_refused() -> None:
    with pytest.raises(ValueError, match="not y"):
        is_opaque(((b"trusted.overlay.opaque", b"x"),))


def test_equal_sets_have_one_number() -> None:
    writer = Writer()
    assert writer.number(()) == 0xFFFF_FFFF
    one, two = ((b"user.a", b"1"),), ((b"user.a", b"2"),)
    assert [writer.number(one), writer.number(two), writer.number(one)] == [0, 1, 0]
    assert len(writer) == 2
    pairs, sets = writer.tables()
    assert pairs == b"\0\0\1\0a\1\0\0\x001\0\0\1\0a\1\0\0\x002"
    assert sets == bytes([0] * 8 + [1, 0, 0, 0, 7, 0, 0, 0, 10] + [0] * 7 + [1, 0, 0, 0, 7, 0, 0, 0])
