"""Dependencies of kernel modules, from tables as depmod writes them."""

import gzip
import lzma
from pathlib import Path

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.initramfs.files import Directory
from modpkg.initramfs.kernel_modules import ModuleTable, module_name, read_table

DEP = """\
kernel/net/core/failover.ko:
kernel/drivers/net/net_failover.ko.xz: kernel/net/core/failover.ko
kernel/drivers/net/virtio_net.ko.gz: kernel/drivers/net/net_failover.ko.xz kernel/net/core/failover.ko
kernel/drivers/char/hw_random/virtio-rng.ko:
kernel/fs/overlayfs/overlay.ko:
kernel/drivers/block/loop.ko:
"""
ALIAS = """\
# Aliases extracted from modules themselves.
alias virtio:d00000001v* virtio_net
alias fs-overlay overlay
alias devname:loop-control loop
alias char-major-10-237 loop
"""
CONTENTS = {
    "kernel/net/core/failover.ko": b"failover",
    "kernel/drivers/net/net_failover.ko.xz": lzma.compress(b"net_failover"),
    "kernel/drivers/net/virtio_net.ko.gz": gzip.compress(b"virtio_net"),
    "kernel/fs/overlayfs/overlay.ko": b"overlay",
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "modules.dep").write_text(DEP)
    (tmp_path / "modules.alias").write_text(ALIAS)
    (tmp_path / "modules.builtin").write_text("kernel/drivers/virtio/virtio.ko\nkernel/lib/lz4.ko\n")
    for path, data in CONTENTS.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    return tmp_path


@pytest.fixture
def table(directory: Path) -> ModuleTable:
    return read_table(Directory(directory.parent), directory.name)


def test_a_module_brings_all_it_needs(table: ModuleTable) -> None:
    assert table.closure(["virtio_net"]) == ("failover", "net_failover", "virtio_net")


def test_dashes_and_underscores_are_the_same(table: ModuleTable) -> None:
    assert table.closure(["virtio-rng"]) == table.closure(["virtio_rng"]) == ("virtio_rng",)
    assert module_name("kernel/drivers/char/virtio-rng.ko.xz") == "virtio_rng"


def test_a_built_in_module_is_no_fault_and_no_file(table: ModuleTable) -> None:
    assert table.has("virtio")
    assert table.closure(["virtio", "overlay"]) == ("overlay",)


def test_all_missing_modules_are_named_at_once(table: ModuleTable, directory: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        table.closure(["overlay", "zfs", "e1000"])
    assert "'e1000', 'zfs'" in caught.value.what
    assert "overlay" not in caught.value.what
    assert caught.value.where == str(directory)


@pytest.mark.parametrize("name", ["failover", "net_failover", "virtio_net", "overlay"])
def test_modules_are_read_uncompressed(table: ModuleTable, name: str) -> None:
    assert table.read(name) == name.encode()


def test_a_file_that_modules_dep_names_and_the_tree_lacks_is_an_error(table: ModuleTable) -> None:
    with pytest.raises(ModpkgError, match="'loop'"):
        table.read("loop")


def test_an_unknown_compression_is_an_error(directory: Path) -> None:
    with (directory / "modules.dep").open("a") as stream:
        stream.write("kernel/lib/odd.ko.zst:\n")
    (directory / "kernel/lib").mkdir()
    (directory / "kernel/lib/odd.ko.zst").write_bytes(b"x")
    with pytest.raises(ModpkgError, match=r"\.zst"):
        read_table(Directory(directory.parent), directory.name).read("odd")


def test_only_devices_ask_for_drivers(table: ModuleTable) -> None:
    assert table.for_hardware(("virtio-net", "overlay", "loop", "failover")) == {"virtio_net"}


@pytest.mark.parametrize("name", ["modules.dep", "modules.alias", "modules.builtin"])
def test_a_missing_table_is_named(directory: Path, name: str) -> None:
    (directory / name).unlink()
    with pytest.raises(ModpkgError, match=name):
        read_table(Directory(directory.parent), directory.name)
