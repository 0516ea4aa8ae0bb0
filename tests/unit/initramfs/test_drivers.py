from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import get_args

import pytest

from modpkg.errors import BadInputError
from modpkg.initramfs.drivers import CLASSES, asking, expand, firmware_of
from modpkg.initramfs.files import Directory
from modpkg.initramfs.kernel_modules import ModuleTable
from modpkg.model.image import DriverClass

TABLE = ModuleTable(
    image=Directory(Path("/nonexistent")),
    directory="usr/lib/modules/6.1",
    files={"igb": "kernel/igb.ko", "tg3": "kernel/tg3.ko", "nvme": "kernel/nvme.ko"},
    needs={},
    built_in=frozenset({"virtio_net"}),
    aliases=(),
)


def test_a_class_is_what_the_kernel_has_of_it_and_a_name_stays() -> None:
    assert list(expand(TABLE, ["@ethernet", "unknown", "@virtual"])) == [
        "igb",
        "tg3",
        "unknown",
        "virtio_net",
    ]


def test_a_class_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(BadInputError, match="no such class of drivers") as raised:
        list(expand(TABLE, ["@wireless"]))
    assert raised.value.hint == "there are @virtual, @ethernet, @storage"


def test_no_class_names_a_module_twice_nor_in_another_form_than_the_kernel_s() -> None:
    for name, members in CLASSES.items():
        assert len(set(members)) == len(members), name
        assert not [member for member in members if "-" in member or "/" in member], name


def test_a_manifest_can_ask_for_every_class_but_the_one_that_is_always_there() -> None:
    assert set(get_args(DriverClass)) == CLASSES.keys() - {"virtual"}


def test_firmware_is_what_the_module_s_own_texts_name() -> None:
    info = b"junk\0license=GPL\0firmware=tigon/tg3.bin\0firmware=tigon/tg3_tso.bin\0xfirmware=no\0depends=\0"
    assert firmware_of(b"\x7fELF" + info) == ("tigon/tg3.bin", "tigon/tg3_tso.bin")
    assert firmware_of(b"\x7fELF") == ()


def test_a_kernel_without_a_class_gives_nothing() -> None:
    bare = dataclasses.replace(TABLE, files={}, built_in=frozenset())
    assert list(expand(bare, ["@ethernet"])) == []


def test_a_driver_is_read_if_it_may_ask_for_what_there_is() -> None:
    drivers, named = ("bnx2", "bnx2x", "libphy", "mlx5_core", "own", "qed"), {"bnx2", "mlx5_core", "own"}
    assert list(asking(drivers, named, [])) == []
    assert list(asking(drivers, named, ["bnx2/a.fw"])) == ["bnx2", "own"]
    assert list(asking(drivers, named, ["qed/a.bin"])) == ["own", "qed"]
    assert list(asking(drivers, named, ["other.bin"])) == ["own"]
