"""Machines of three kinds boot the image `compute` from a head at once, over real firmware and real servers.

Each boot takes a minute, so few tests ask many things.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.host import tools
from modpkg.host.files import temporary_directory
from tests.support.bench import CHECKOUT, OVMF, Bench, Node, bench
from tests.support.compute_image import compute_image

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.boot,
    pytest.mark.programs,
    pytest.mark.network,
    pytest.mark.skipif(not (OVMF / "OVMF_CODE_4M.fd").exists(), reason="ovmf is not installed"),
    pytest.mark.skipif(tools.find("dnsmasq") is None, reason="dnsmasq is not installed"),
]
CLUSTER = """\
name: beo
address: 10.0.0.1
dhcp: {mode: full, interface: eth1, network: 10.0.0.0/16}
defaults:
  image: compute
  kernel-arguments: ["console=ttyS0,115200", quiet, "systemd.show_status=1", "random.trust_cpu=on", "panic=-1"]
"""
NODES = """\
macs:
  beo-01: 52:54:00:00:00:01
  beo-02: 52:54:00:00:00:02
  beo-03: 52:54:00:00:00:03
groups:
  all: {nodes: "beo-[01-03]", first-address: 10.0.1.1}
  uefi: {nodes: "beo-[02-03]", boot: uki}
"""
MULTI_USER = r"Reached target.* (multi-user\.target|Multi-User System)"


@pytest.fixture
def network() -> Iterator[Bench]:
    image = compute_image()
    with temporary_directory(Path(tempfile.gettempdir()), prefix="modpkg-netboot.") as place:
        # The servers give up root's rights.
        place.chmod(0o755)
        recipes = place / "recipes"
        (recipes / "nodes").mkdir(parents=True)
        (recipes / "images").mkdir()
        shutil.copyfile(CHECKOUT / "recipes/images/compute.yaml", recipes / "images/compute.yaml")
        (recipes / "cluster.yaml").write_text(CLUSTER)
        (recipes / "nodes/all.yaml").write_text(NODES)
        (place / "work/images").mkdir(parents=True)
        shutil.copytree(image, place / "work/images" / image.name)
        with bench(place) as made:
            yield made


def fetching(node: Node) -> bool:
    return node.has(r"modpkg: \S+ fetch start")


def test_three_kinds_of_firmware_boot_at_once_a_head_that_dies_and_a_changed_image(network: Bench) -> None:
    started = time.monotonic()
    with network.head():
        bios = network.bios("beo-01", "52:54:00:00:00:01")
        pxe = network.uefi("beo-02", "52:54:00:00:00:02", http=False)
        web = network.uefi("beo-03", "52:54:00:00:00:03", http=True)
        nodes = (bios, pxe, web)
        network.wait(lambda: all(fetching(node) for node in nodes), 300)
        print(f"all fetch after {time.monotonic() - started:.0f} s")
        network.kill_head()
    assert any(not node.has("fetch end") for node in nodes)
    time.sleep(3)
    with network.head():
        network.wait(lambda: all(node.has(MULTI_USER) for node in nodes), 300)
        print(f"all are up after {time.monotonic() - started:.0f} s")
    for node in nodes:
        print(node.name, [line for line in node.lines if "modpkg:" in line or "cannot fetch" in line])
