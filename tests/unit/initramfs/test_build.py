"""The initrd, built from a tree of stand-ins and read back entry by entry."""

import hashlib
import os
from collections.abc import Collection
from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.initramfs.build import build_initrd
from modpkg.initramfs.files import Directory
from tests.support.newc import read_archive

KERNEL = "6.1.0-test"
STATIC = b"\x7fELF static program"
DRIVERS = (
    "drivers/virtio/virtio",
    "drivers/virtio/virtio_pci",
    "drivers/net/virtio_net",
    "drivers/net/mlx5-core",
)
OTHERS = ("fs/squashfs/squashfs", "fs/overlayfs/overlay", "drivers/block/loop", "fs/nfs/nfs", "sound/snd")
NEEDS = {"virtio_pci": ["drivers/virtio/virtio"], "virtio_net": ["drivers/virtio/virtio"]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tree = tmp_path / "root"
    modules = tree / "usr/lib/modules" / KERNEL
    for path in (*DRIVERS, *OTHERS):
        (modules / "kernel" / path).parent.mkdir(parents=True, exist_ok=True)
        (modules / f"kernel/{path}.ko").write_bytes(path.encode())
    rows = [(path, NEEDS.get(path.rpartition("/")[2], [])) for path in (*DRIVERS, *OTHERS)]
    dep = [f"kernel/{path}.ko: {' '.join(f'kernel/{n}.ko' for n in needs)}\n" for path, needs in rows]
    (modules / "modules.dep").write_text("".join(dep))
    (modules / "modules.builtin").write_text("kernel/lib/zstd.ko\n")
    (modules / "modules.alias").write_text(
        "alias pci:v00001AF4d* virtio_pci\nalias virtio:d00000001v* virtio_net\n"
        "alias pci:v000015B3d* mlx5_core\nalias fs-nfs nfs\nalias pci:v0000FFFFd* snd\n"
    )
    (tree / "usr/bin").mkdir()
    (tree / "usr/bin/busybox").write_bytes(STATIC)
    return tree


def build(root: Path, *modules: str) -> dict[str, bytes]:
    receipt = build_initrd(
        Directory(root), kernel=KERNEL, modules=modules, destination=root.parent / "initrd"
    )
    data = receipt.path.read_bytes()
    assert (receipt.size, receipt.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    return {str(entry["path"]): bytes(entry["data"]) for entry in read_archive(data)}  # type: ignore[call-overload]


def test_it_holds_busybox_the_stages_and_the_modules_needed_only(root: Path) -> None:
    found = build(root)
    assert found["bin/busybox"] == STATIC
    assert found["bin/sh"] == b"busybox"
    assert found["init"].startswith(b"#!/bin/busybox sh\n")
    stages = {path.rpartition("/")[2] for path in found if path.startswith("lib/modpkg/stages/")}
    named = {"mounts", "modules", "network", "fetch", "verify", "overlay", "disks", "settings"}
    assert stages == {f"{name}.sh" for name in named | {"check", "hand-over"}}
    kernel_modules = {path.rpartition("/")[2] for path in found if path.endswith(".ko")}
    assert kernel_modules == {
        "loop.ko",
        "overlay.ko",
        "squashfs.ko",
        "virtio.ko",
        "virtio_net.ko",
        "virtio_pci.ko",
    }


def test_what_init_names_is_there(root: Path) -> None:
    found = build(root)
    line = next(line for line in found["init"].decode().splitlines() if line.startswith("for stage in "))
    for name in line.removeprefix("for stage in ").removesuffix("; do").split():
        assert f"lib/modpkg/stages/{name}.sh" in found


def test_a_driver_waits_for_its_device_and_the_rest_is_loaded(root: Path) -> None:
    found = build(root, "mlx5_core", "nfs", "zstd")
    assert found["lib/modpkg/modules"].decode().split() == ["loop", "nfs", "overlay", "squashfs"]
    aliases = found[f"lib/modules/{KERNEL}/modules.alias"].decode()
    assert "mlx5_core" in aliases
    assert "snd" not in aliases
    assert found["lib/modpkg/buses"] == b"^(pci|virtio):\n"


def test_the_second_half_of_a_driver_waits_for_the_first(root: Path) -> None:
    modules = root / f"usr/lib/modules/{KERNEL}"
    rows = ("mlx4_core.ko:", "mlx4_en.ko: kernel/mlx4_core.ko", "tg3.ko: kernel/ptp.ko", "ptp.ko:")
    with (modules / "modules.dep").open("a") as stream:
        stream.writelines(f"kernel/{row}\n" for row in rows)
    with (modules / "modules.alias").open("a") as stream:
        stream.write("alias pci:v000015B3d00001003* mlx4_core\n")
    for row in rows:
        (modules / "kernel" / row.partition(":")[0]).write_bytes(b"x")

    def lists(*names: str) -> tuple[list[str], str]:
        found = build(root, *names)
        return found["lib/modpkg/modules"].decode().split(), found["lib/modpkg/followers"].decode()

    # Of a class. tg3 has no alias here, and nothing that it needs has one: nobody would ever load it.
    assert lists("@ethernet") == (["loop", "overlay", "squashfs", "tg3"], "mlx4_en mlx4_core\n")
    # By its name in a recipe: somebody wants it.
    assert lists("@ethernet", "mlx4_en")[1] == ""
    assert "mlx4_en" in lists("@ethernet", "mlx4_en")[0]


def test_modules_dep_names_exactly_the_files_that_are_there(root: Path) -> None:
    found = build(root, "mlx5_core")
    place = f"lib/modules/{KERNEL}"
    lines = found[f"{place}/modules.dep"].decode().splitlines()
    assert f"kernel/{DRIVERS[1]}.ko: kernel/{DRIVERS[0]}.ko" in lines
    named = {word.rstrip(":") for line in lines for word in line.split()}
    assert {f"{place}/{path}" for path in named} == {path for path in found if path.endswith(".ko")}


def test_every_member_lies_in_a_directory_of_the_archive(root: Path) -> None:
    found = build(root)
    assert all(os.path.dirname(path) in found for path in found if "/" in path)  # noqa: PTH120  names, not files


def test_equal_trees_give_equal_bytes(root: Path) -> None:
    first = build_initrd(
        Directory(root), kernel=KERNEL, modules=("nfs", "mlx5_core"), destination=root.parent / "1"
    )
    for path in sorted(root.rglob("*")):
        os.utime(path, (1, 1))
    umask = os.umask(0o077)
    try:
        second = build_initrd(
            Directory(root), kernel=KERNEL, modules=("mlx5_core", "nfs"), destination=root.parent / "2"
        )
    finally:
        os.umask(umask)
    assert first.sha256 == second.sha256


def test_a_missing_busybox_is_named_with_its_package(root: Path) -> None:
    (root / "usr/bin/busybox").unlink()
    with pytest.raises(ModpkgError, match="busybox-static"):
        build(root)


@pytest.mark.parametrize("program", [b"#!/bin/sh\n", b"\x7fELF...../lib64/ld-linux-x86-64.so.2\0"])
def test_a_busybox_that_needs_libraries_is_refused(root: Path, program: bytes) -> None:
    (root / "usr/bin/busybox").write_bytes(program)
    with pytest.raises(ModpkgError, match="not a static program"):
        build(root)


def test_a_missing_module_is_named_and_nothing_is_written(root: Path) -> None:
    with pytest.raises(ModpkgError, match="'zfs'"):
        build(root, "zfs")
    assert not (root.parent / "initrd").exists()


def test_a_kernel_that_is_not_there_is_an_error(root: Path) -> None:
    with pytest.raises(ModpkgError, match=r"modules\.dep"):
        build_initrd(Directory(root), kernel="9.9", modules=(), destination=root.parent / "initrd")


class Compressed(Directory):
    """A tree whose files can be had compressed; the squashfs is a list of their names."""

    def carve(self, paths: Collection[str], destination: Path) -> bool:
        destination.write_text("\n".join(sorted(paths)))
        return True


def test_compressed_drivers_lie_apart_with_their_firmware_and_modprobe_finds_them(root: Path) -> None:
    modules = root / "usr/lib/modules" / KERNEL
    (modules / "kernel/drivers/net/bnx2.ko").write_bytes(b"\0firmware=bnx2/fw.bin\0firmware=bnx2/none.bin\0")
    with (modules / "modules.dep").open("a") as stream:
        stream.write("kernel/drivers/net/bnx2.ko:\n")
    (root / "usr/lib/firmware/bnx2").mkdir(parents=True)
    (root / "usr/lib/firmware/bnx2/fw.bin").write_bytes(b"firmware")
    (root / "usr/lib/firmware/other.bin").write_bytes(b"of no driver here")
    target = root.parent / "initrd"
    build_initrd(Compressed(root), kernel=KERNEL, modules=["@ethernet"], destination=target)
    entries = read_archive(target.read_bytes())
    found = {str(entry["path"]): bytes(entry["data"]) for entry in entries}  # type: ignore[call-overload]
    place = f"usr/lib/modules/{KERNEL}/kernel"
    drivers = ("virtio/virtio", "virtio/virtio_pci", "net/virtio_net", "net/mlx5-core", "net/bnx2")
    assert found["lib/modpkg/drivers.squashfs"].decode().splitlines() == sorted(
        ["usr/lib/firmware/bnx2/fw.bin", f"{place}/fs/overlayfs/overlay.ko"]
        + [f"{place}/drivers/{name}.ko" for name in drivers]
    )
    # What it is mounted with cannot lie in it.
    kept = {path for path in found if path.endswith(".ko")}
    assert kept == {
        f"lib/modules/{KERNEL}/kernel/drivers/block/loop.ko",
        f"lib/modules/{KERNEL}/kernel/fs/squashfs/squashfs.ko",
    }
    assert found[f"lib/modules/{KERNEL}/more"] == f"/lib/modpkg/drivers/usr/lib/modules/{KERNEL}".encode()
    assert found["lib/firmware"] == b"/lib/modpkg/drivers/usr/lib/firmware"
    dep = found[f"lib/modules/{KERNEL}/modules.dep"].decode()
    assert "more/kernel/drivers/net/virtio_net.ko: more/kernel/drivers/virtio/virtio.ko\n" in dep
    assert "\nkernel/fs/squashfs/squashfs.ko:\n" in dep


def test_an_image_of_virtual_machines_alone_has_no_driver_of_servers(root: Path) -> None:
    assert not [path for path in build(root) if "mlx5" in path]
    assert [path for path in build(root, "@ethernet") if "mlx5" in path]
