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
from tests.support.bench import CERTIFICATE, CHECKOUT, OVMF, Bench, bench, snakeoil_key
from tests.support.compute_image import compute_image
from tests.support.small_chroot import small_chroot

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
dhcp: {{mode: full, interface: eth1, network: 10.0.0.0/16}}
secure-boot: {{key: {key}, certificate: {certificate}}}
chroots:
  apps: {{server: 10.0.0.1, path: /chroots/apps, mode: live}}
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
  uefi: {nodes: "beo-[02-03]", boot: uki, kernel-arguments: ["bond=bond0:eth0:mode=active-backup"]}
nodes:
  beo-01:
    chroot: apps
    kernel-arguments:
      - vlan=vlan5:eth0
      - vlan=vlan6:eth0
      - ip=eth0:dhcp
      - ip=vlan5:dhcp
      - ip=192.168.6.9:::255.255.255.0::vlan6
"""
# Its number, its server's address, and the one that this gives.
VLAN = (5, "192.168.5.1", "192.168.5.9")
FETCHING = r"modpkg: \S+ fetch start"
DENIED = "Access Denied|Security Violation"
BASIC = r"Reached target.* (basic\.target|Basic System)"
MULTI_USER = r"Reached target.* (multi-user\.target|Multi-User System)"


LIMIT = 540


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
        (recipes / "cluster.yaml").write_text(
            CLUSTER.format(key=snakeoil_key(place), certificate=CERTIFICATE)
        )
        (recipes / "nodes/all.yaml").write_text(NODES)
        (place / "work/images").mkdir(parents=True)
        # A copy: it will be damaged.
        shutil.copytree(image, place / "work/images" / image.name)
        with bench(place) as made:
            yield made


def flip(path: Path, offset: int) -> None:
    """Change one byte of a file of the head, and nothing of what it was linked from."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.unlink()
    path.write_bytes(content)
    path.chmod(0o644)


def head_file(network: Bench, pattern: str) -> Path:
    (path,) = (network.directory / "work/head").glob(pattern)
    return path


def test_three_kinds_of_firmware_boot_at_once_and_go_on_when_the_head_dies_and_comes_back(
    network: Bench,
) -> None:
    small_chroot(network.directory / "chroots", "apps")
    network.stack.enter_context(network.chroots())
    with network.vlan(*VLAN), network.head():
        bios = network.bios("beo-01", "52:54:00:00:00:01")
        pxe = network.uefi("beo-02", "52:54:00:00:00:02", http=False)
        web = network.uefi("beo-03", "52:54:00:00:00:03", http=True, secure=True)
        nodes = (bios, pxe, web)
        network.wait(lambda: all(node.has(FETCHING) for node in nodes), LIMIT)
        network.kill_head()
    # It died in the middle of the last one's download.
    cut_off = [node for node in nodes if not node.has("fetch end")]
    assert cut_off
    time.sleep(2)
    with network.head():
        # The image's own systemd is at work; one machine is left all of the processor for the rest.
        for node in (pxe, web):
            network.wait(lambda node=node: node.has(BASIC), LIMIT)
            node.stop()
        # The node itself tells the head.
        network.wait(lambda: network.told(r"^beo-01: \S+ s multi-user end"), LIMIT)
        assert network.told(r"^beo-01: \S+ s chroot end joined 10\.0\.0\.1:/chroots/apps")
    assert bios.has(
        r"modpkg: \S+ network end eth0 10\.0\.1\.1/16, vlan5 192\.168\.5\.9/24, vlan6 192\.168\.6\.9/24"
    )
    assert pxe.has(r"modpkg: \S+ network end bond0 10\.0\.1\.2/16")
    assert web.has(r"modpkg: \S+ network end bond0 10\.0\.1\.3/16")
    for node in nodes:
        assert node.has(r"modpkg: \S+ overlay end image 10\d MB, changes at most 50%, free \d+ of \d+ MB")
        assert not node.has(r"modpkg: \S+ \S+ failed")
    assert all(node.has("cannot fetch http://10.0.0.1/images/") for node in cut_off)
    # UEFI by firmware alone, and by no program of the distribution's.
    assert not network.told(r"snponly\.efi")


def test_a_changed_image_is_never_mounted_and_a_changed_program_never_started(network: Bench) -> None:
    with network.vlan(*VLAN), network.head():
        flip(head_file(network, "images/*/root.squashfs"), 50 << 20)
        flip(head_file(network, "uki/*.efi"), -(4 << 20))
        bios = network.bios("beo-01", "52:54:00:00:00:01")
        web = network.uefi("beo-03", "52:54:00:00:00:03", http=True, secure=True)
        network.wait(lambda: bios.has("verify failed the image's sha256 is") and web.has(DENIED), LIMIT)
    assert not bios.has("overlay start")
    assert not web.has("modpkg:|Linux version")
