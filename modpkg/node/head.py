"""All files of a head as texts: a plan that is data. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from modpkg.model.node import node_record, record_text
from modpkg.node.arguments import node_arguments, own_words
from modpkg.node.disk_script import disk_script
from modpkg.node.dnsmasq import dnsmasq_text, hosts_text
from modpkg.node.ipxe import UNKNOWN, script_text
from modpkg.node.nginx import nginx_text
from modpkg.node.settings_plan import HOSTS_NAME, Planner, digest_text, etc_hosts_text
from modpkg.node.uki import distinct

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from modpkg.model.grant import Grant
    from modpkg.model.inventory import Node, Nodes
    from modpkg.model.node import HeadImage
    from modpkg.node.uki import HeadUki


@dataclass(frozen=True, slots=True)
class HeadPlaces:
    """Where things lie below the folder of a head; `current` is the generation that nodes are given."""

    root: Path

    @property
    def current(self) -> Path:
        """A link to the generation in use."""
        return self.root / "current"

    @property
    def generations(self) -> Path:
        """Every kept state of the head, one folder each."""
        return self.root / "generations"

    @property
    def images(self) -> Path:
        """The files of images, a folder for each content."""
        return self.root / "images"

    @property
    def ukis(self) -> Path:
        """EFI programs of kernel, initrd and command line, one file for each content."""
        return self.root / "uki"

    @property
    def history(self) -> Path:
        """Names of generations, the newest first."""
        return self.root / "history"

    @property
    def grants(self) -> Path:
        """Grants to wipe disks: no generation has them, as a node uses them up."""
        return self.root / "grants"

    @property
    def grant_socket(self) -> Path:
        """Where nginx hands over nodes that ask for their grant."""
        return self.run / "grants.sock"

    @property
    def host_keys(self) -> Path:
        """The ssh keys of nodes that the head keeps, closed to all others."""
        return self.root / "host-keys"

    @property
    def run(self) -> Path:
        """What servers keep while they run."""
        return self.root / "run"

    @property
    def events(self) -> Path:
        """What nodes report: a folder for each node, a file for each boot."""
        return self.root / "events"

    @property
    def socket(self) -> Path:
        """Where nginx hands reports over."""
        return self.run / "events.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the head itself keeps for nodes, by node: open grants to wipe disks, and the ssh keys of hosts.

    `account` is that of the web server, as which files for one node alone are served.
    """

    grants: Mapping[str, Grant] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    account: str = ""


NOTHING_KEPT: Final = Kept()


def head_files(
    nodes: Nodes,
    images: Mapping[str, HeadImage],
    ukis: Mapping[str, HeadUki],
    *,
    root: Path,
    kept: Kept = NOTHING_KEPT,
) -> dict[str, str]:
    """Give the text of each file of a generation by its path there.

    `images` has those that nodes name, `ukis` the program of each node that boots by one, `kept` what no document says.
    """
    cluster = nodes.cluster
    files = {
        "dnsmasq.conf": dnsmasq_text(cluster, root, distinct(ukis)),
        "nginx.conf": nginx_text(cluster, root, account=kept.account),
        "hosts": hosts_text(nodes, ukis),
        "boot/unknown.ipxe": UNKNOWN,
        HOSTS_NAME: etc_hosts_text(nodes),
    }
    # Thousands of nodes share few sets of settings.
    shared: dict[int, tuple[str, ...]] = {}
    planner = Planner(cluster=cluster, hosts_sha256=digest_text(files[HOSTS_NAME]))
    for node in nodes.nodes.values():
        image, key = images[node.settings.image or ""], id(node.settings)
        if key not in shared:
            # By iPXE too where nodes boot by an EFI program: BIOS knows none.
            shared[key] = node_arguments(node, image, cluster.url)
        told = record_text(node_record(node, cluster, image))
        settings = planner.plan(node, image, record=told, host_key=kept.keys.get(node.name))
        disks = disk_script(node, nodes, kept.grants.get(node.name))
        plans = (disks, settings) if disks else (settings,)
        files |= {plan.path: plan.text for plan in plans}
        own = [word for plan in plans for word in plan.arguments]
        script = script_text(node.name, image, (*shared[key], *own), url=cluster.url)
        for mac in node.macs:
            files[f"boot/{mac}.ipxe"] = script
            files[f"node/{mac}.json"] = told
            if node.name in ukis:
                # What its script says by iPXE, and a program that many nodes share cannot.
                files[f"node/{mac}.arguments"] = f"{' '.join([*own_words(mac, cluster.url), *own])}\n"
    return files


def named_images(nodes: Nodes) -> dict[str, list[Node]]:
    """Give the nodes of each image that is named."""
    found: dict[str, list[Node]] = {}
    for node in nodes.nodes.values():
        found.setdefault(node.settings.image or "", []).append(node)
    return found
