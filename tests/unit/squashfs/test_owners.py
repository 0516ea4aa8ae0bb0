from __future__ import annotations

import struct

import pytest

from modpkg.errors import BadInputError
from modpkg.squashfs.owners import MOST, Owners


def test_ids_of_all_layers_share_numbers_in_the_order_of_use() -> None:
    owners = Owners()
    first, second = owners.of((0, 1000)), owners.of((1000, 4294967290))
    assert [first[1], second[0], second[1], first[0]] == [0, 0, 1, 2]
    assert owners.table() == (struct.pack("<3I", 1000, 4294967290, 0), 3)


def test_ids_that_nothing_uses_are_left_out() -> None:
    owners = Owners()
    assert owners.of(tuple(range(100)))[7] == 0
    assert owners.table()[1] == 1


def test_more_than_the_superblock_can_count_are_refused() -> None:
    owners = Owners()
    layer = owners.of(tuple(range(MOST + 1)))
    for index in range(MOST):
        assert layer[index] == index
    with pytest.raises(BadInputError, match="more than 65535 different users and groups"):
        layer[MOST]
