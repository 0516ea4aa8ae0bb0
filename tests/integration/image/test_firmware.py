"""The initrd of the image `compute` has what the drivers of servers' cards load into them."""

from pathlib import Path

import pytest

from modpkg.host.run import run
from modpkg.initramfs.drivers import ASKING, CLASSES
from tests.support.compute_image import compute_image
from tests.support.newc import read_archive

pytestmark = [pytest.mark.programs, pytest.mark.network]
# Cards that keep no program of their own, or an old one; modinfo names the files, not modpkg.
DRIVERS = ("bna", "bnx2", "bnx2x", "cxgb3", "cxgb4", "ice", "r8169", "tg3")
MOST_BYTES = 15_000_000


def firmware_named_by(module: Path) -> list[str]:
    return run(["modinfo", "-F", "firmware", module]).stdout.split()


def test_each_driver_finds_its_firmware_in_the_initrd(tmp_path: Path) -> None:
    initrd = (compute_image() / "initrd").read_bytes()
    assert len(initrd) <= MOST_BYTES
    content = {entry["path"]: entry["data"] for entry in read_archive(initrd)}
    drivers = content["lib/modpkg/drivers.squashfs"]
    assert isinstance(drivers, bytes)
    (tmp_path / "drivers.squashfs").write_bytes(drivers)
    tree = tmp_path / "tree"
    run(["unsquashfs", "-quiet", "-no-progress", "-dest", tree, tmp_path / "drivers.squashfs"])
    modules = {path.stem: path for path in tree.rglob("*.ko")}
    members = {name for names in CLASSES.values() for name in names}
    told = {name: firmware_named_by(modules[name]) for name in members & modules.keys()}
    assert {name for name, files in told.items() if files} <= ASKING.keys()
    assert all(file.startswith(ASKING[name]) for name, files in told.items() for file in files)
    asked = {name: firmware_named_by(modules[name]) for name in DRIVERS}
    missing = {
        (name, file)
        for name, files in asked.items()
        for file in files
        if not (tree / "usr/lib/firmware" / file).exists()
    }
    assert all(asked.values())
    assert missing == set()
