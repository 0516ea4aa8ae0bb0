"""The initrd of the image `compute` has what the drivers of servers' cards load into them."""

from pathlib import Path

import pytest

from modpkg.host.run import run
from modpkg.initramfs.drivers import ASKING
from tests.support.compute_image import compute_image
from tests.support.newc import read_archive

pytestmark = [pytest.mark.programs, pytest.mark.network]
# Their cards keep a program of their own, or have not been sold for ten years; the recipe says so.
WITHOUT = {"liquidio", "myri10ge", "netxen_nic", "nfp", "qlcnic"}
SOME = {"bna", "bnx2", "bnx2x", "cxgb3", "cxgb4", "ice", "qed", "r8169", "tg3"}
MOST_BYTES = 15_000_000


def test_each_driver_finds_its_firmware_in_the_initrd(tmp_path: Path) -> None:
    initrd = (compute_image() / "initrd").read_bytes()
    assert len(initrd) <= MOST_BYTES
    content = {entry["path"]: entry["data"] for entry in read_archive(initrd)}
    drivers = content["lib/modpkg/drivers.squashfs"]
    assert isinstance(drivers, bytes)
    (tmp_path / "drivers.squashfs").write_bytes(drivers)
    tree = tmp_path / "tree"
    run(["unsquashfs", "-quiet", "-no-progress", "-dest", tree, tmp_path / "drivers.squashfs"])
    # What modinfo says, not modpkg; of those too that a driver of a card stands on.
    told = {path.stem: run(["modinfo", "-F", "firmware", path]).stdout.split() for path in tree.rglob("*.ko")}
    asked = {name.replace("-", "_"): files for name, files in told.items() if files}
    missing = {
        name
        for name, files in asked.items()
        if not all((tree / "usr/lib/firmware" / file).exists() for file in files)
    }
    assert missing == WITHOUT
    assert asked.keys() == SOME | WITHOUT
    # What modpkg does not look into asks for nothing.
    assert asked.keys() <= ASKING.keys()
    assert all(file.startswith(ASKING[name]) for name, files in asked.items() for file in files)
