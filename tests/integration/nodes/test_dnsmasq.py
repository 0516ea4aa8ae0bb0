"""A real dnsmasq in a network of its own answers machines of each kind as the head wants it."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from modpkg.formats.node_documents import load_nodes
from modpkg.host import tools
from modpkg.host.run import run, running
from modpkg.model.node import HeadImage
from modpkg.node.dnsmasq import dnsmasq_text, hosts_text
from modpkg.node.uki import distinct, plan_ukis
from tests.support.nodes import copy_recipes, image_about, programs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(tools.find("dnsmasq") is None, reason="dnsmasq is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root"),
]
NODE = "52:54:00:00:00:01"
OTHER = "52:54:00:00:00:02"
STRANGER = "52:54:00:00:99:99"
UEFI = ("-x", "0x5d:0007")
UEFI_HTTP = ("-x", "0x5d:0010", "-V", "HTTPClient:Arch:00016")
BIOS = ("-x", "0x5d:0000", "-V", "PXEClient:Arch:00000")
IPXE = ("-x", "0x5d:0007", "-x", "0xaf:010101")
# What udhcpc calls: it writes down what it was given.
SCRIPT = """\
#!/bin/sh
[ "$1" = bound ] && set >{answers}
exit 0
"""


class Net:
    """Two ends of a cable, each in a namespace: the head's and a machine's."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.head, self.machine = (f"modpkg-{os.getpid()}-{end}" for end in "hm")
        self.script = directory / "udhcpc.sh"
        self.answers = directory / "answers"
        self.script.write_text(SCRIPT.format(answers=self.answers))
        self.script.chmod(0o755)

    def make(self) -> None:
        for name in (self.head, self.machine):
            run(["ip", "netns", "add", name])
        run(
            [
                "ip",
                "-n",
                self.head,
                "link",
                "add",
                "eth1",
                "type",
                "veth",
                "peer",
                "eth0",
                "netns",
                self.machine,
            ]
        )
        run(["ip", "-n", self.head, "address", "add", "10.0.0.1/16", "dev", "eth1"])
        for name, device in ((self.head, "eth1"), (self.head, "lo"), (self.machine, "eth0")):
            run(["ip", "-n", name, "link", "set", device, "up"])

    def remove(self) -> None:
        for name in (self.head, self.machine):
            run(["ip", "netns", "delete", name], check=False)

    def ask(self, mac: str, *words: str, tries: int = 5) -> dict[str, str]:
        self.answers.unlink(missing_ok=True)
        run(["ip", "-n", self.machine, "link", "set", "eth0", "address", mac])
        client = [
            "busybox",
            "udhcpc",
            "-i",
            "eth0",
            "-f",
            "-q",
            "-n",
            "-t",
            str(tries),
            "-T",
            "1",
            "-s",
            self.script,
        ]
        options = ["-O", "bootfile", "-O", "tftp", *words]
        run(["ip", "netns", "exec", self.machine, *client, *options], check=False)
        if not self.answers.exists():
            return {}
        lines = (line.partition("=") for line in self.answers.read_text().splitlines())
        return {name: value.strip("'") for name, _, value in lines}


@contextmanager
def served(directory: Path, net: Net) -> Iterator[list[str]]:
    lines: list[str] = []
    words = ["dnsmasq", "--keep-in-foreground", "--log-facility=-", "--user=root", "--pid-file="]
    config = f"--conf-file={directory / 'current/dnsmasq.conf'}"
    with running(["ip", "netns", "exec", net.head, *words, config], on_line=lines.append):
        deadline = time.monotonic() + 10
        while not any("sockets bound" in line or "started" in line for line in lines):
            if time.monotonic() > deadline:
                pytest.fail(f"dnsmasq does not start: {lines}")
            time.sleep(0.05)
        yield lines


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    net = Net(tmp_path)
    try:
        net.make()
        yield net
    finally:
        net.remove()


@pytest.fixture
def head(tmp_path: Path) -> Path:
    nodes = load_nodes(copy_recipes(tmp_path))
    root = tmp_path / "head"
    (root / "current").mkdir(parents=True)
    programs(root / "current/tftp")
    (root / "current/dnsmasq.conf").write_text(dnsmasq_text(nodes.cluster, root))
    (root / "current/hosts").write_text(hosts_text(nodes, {}))
    return root


def test_each_kind_of_machine_gets_its_program_and_a_node_its_address(head: Path, net: Net) -> None:
    with served(head, net) as lines:
        answers = {
            kind: net.ask(NODE, *words)
            for kind, words in {"bios": BIOS, "uefi": UEFI, "http": UEFI_HTTP, "ipxe": IPXE}.items()
        }
    assert {kind: answer.get("ip") for kind, answer in answers.items()} == dict.fromkeys(
        answers, "10.0.1.1"
    ), lines
    assert {kind: answer.get("boot_file") or answer.get("bootfile") for kind, answer in answers.items()} == {
        "bios": "undionly.kpxe",
        "uefi": "snponly.efi",
        "http": "http://10.0.0.1/tftp/snponly.efi",
        "ipxe": "http://10.0.0.1/boot/${netX/mac}.ipxe",
    }
    told = answers["uefi"]
    assert (told["hostname"], told["router"], told["dns"]) == ("beo-01", "10.0.0.254", "10.0.0.1")
    assert told["domain"] == "cluster.example.org"


def test_uefi_gets_the_program_of_its_node_and_a_bios_of_the_same_node_does_not(
    tmp_path: Path, head: Path, net: Net
) -> None:
    recipes = tmp_path / "recipes"
    (recipes / "nodes/own.yaml").write_text("nodes: {beo-01: {boot: uki}}\n")
    nodes = load_nodes(recipes)
    ukis = plan_ukis(nodes, {"compute": HeadImage(directory="d", about=image_about())}, salt="")
    (head / "current/dnsmasq.conf").write_text(dnsmasq_text(nodes.cluster, head, distinct(ukis)))
    (head / "current/hosts").write_text(hosts_text(nodes, ukis))
    file = ukis["beo-01"].file
    with served(head, net):
        kinds = {"bios": BIOS, "uefi": UEFI, "http": UEFI_HTTP, "ipxe": IPXE}
        answers = {kind: net.ask(NODE, *words) for kind, words in kinds.items()}
        other = net.ask(OTHER, *UEFI)
    assert {kind: answer.get("boot_file") or answer.get("bootfile") for kind, answer in answers.items()} == {
        "bios": "undionly.kpxe",
        "uefi": f"uki/{file}",
        "http": f"http://10.0.0.1/uki/{file}",
        "ipxe": "http://10.0.0.1/boot/${netX/mac}.ipxe",
    }
    assert {answer["ip"] for answer in answers.values()} == {"10.0.1.1"}
    assert (other.get("boot_file") or other.get("bootfile")) == "snponly.efi"


def test_a_machine_of_no_inventory_gets_an_address_of_the_range(head: Path, net: Net) -> None:
    with served(head, net):
        address = net.ask(STRANGER, *UEFI).get("ip", "")
    assert address.startswith("10.0.9.")


def test_without_a_range_a_machine_of_no_inventory_gets_nothing(head: Path, net: Net) -> None:
    path = head / "current/dnsmasq.conf"
    lines = [line for line in path.read_text().splitlines(keepends=True) if "10.0.9.1" not in line]
    path.write_text("".join(lines))
    with served(head, net):
        assert net.ask(STRANGER, *UEFI, tries=2) == {}
        assert net.ask(NODE, *UEFI)["ip"] == "10.0.1.1"


@pytest.mark.parametrize("mode", ["full", "proxy"])
def test_dnsmasq_reads_its_configuration(tmp_path: Path, head: Path, mode: str) -> None:
    recipes = tmp_path / "recipes"
    if mode == "proxy":
        text = (recipes / "cluster.yaml").read_text().replace("range: 10.0.9.1-10.0.9.9, ", "")
        (recipes / "cluster.yaml").write_text(text.replace("mode: full", "mode: proxy"))
    config = tmp_path / "dnsmasq.conf"
    config.write_text(dnsmasq_text(load_nodes(recipes).cluster, head))
    run(["dnsmasq", "--test", f"--conf-file={config}"])
