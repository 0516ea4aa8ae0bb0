"""A node in QEMU that is told its settings by the head and has a share by real NFS: all of it in one boot."""

from __future__ import annotations

from pathlib import Path

import pytest

from modpkg.host.run import run
from modpkg.model.cluster import Cluster, Dhcp
from modpkg.model.inventory import Node, Nodes
from modpkg.model.node import HeadImage
from modpkg.model.settings import Settings
from modpkg.node.boot import BootOptions, boot_image, read_image
from modpkg.node.report import parse_stages
from modpkg.node.serve import serving
from modpkg.node.settings_plan import HOSTS_NAME, Planner, digest_text, etc_hosts_text, machine_id
from modpkg.pipeline.files import plan_files, write_files
from modpkg.pipeline.host_keys import make_keys
from tests.support.nfs_server import nfs_server
from tests.support.node_image import node_image, read_rows
from tests.support.small_root import SmallRoot, small_root

pytestmark = [pytest.mark.boot, pytest.mark.programs, pytest.mark.network]

ROWS = Path(__file__).with_name("settings-rows.txt")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFxUqSUA operator@example.org"
SCRIPTS = {
    "10-first": 'echo "$MODPKG_NODE of $MODPKG_GROUPS"; echo first >>/run/order',
    # The order is that of bytes: upper case comes first.
    "20-Second": "echo second >>/run/order",
    "20-fails": "echo third >>/run/order; echo why >&2; exit 7",
    "30-hangs": "echo fourth >>/run/order; setsid sleep 4321 & sleep 4321",
    # With less room than a node has: it is filled before the time is over.
    "40-fills": (
        "echo fifth >>/run/order; mount -o remount,size=96m /run/modpkg/changes; cat /dev/zero >/var/tmp/full"
    ),
    "50-after": "rm /var/tmp/full; mount -o remount,size=50% /run/modpkg/changes; echo sixth >>/run/order",
    "60-not-executable": "echo seventh >>/run/order",
    "10-first~": "echo backup >>/run/order",
    "70-old.bak": "echo backup >>/run/order",
    ".80-hidden.swp": "echo backup >>/run/order",
}
FILES = """\
groups: {compute: "n[1-2]", login: n2}
directories:
  - {path: /site/deep, mode: "01777"}
copies:
  - {source: motd, path: /etc/motd}
  - {source: secret, path: /etc/site.key, owner: messagebus, group: _ssh, mode: "0640", only: [compute]}
  - {source: secret, path: /etc/of-login, only: [login]}
  - {source: motd, path: /etc/nobody, owner: nosuch}
links:
  - {path: /site/link, target: ../etc/motd}
"""
IMAGE_FILES = {
    # As a role would start it; the image does not.
    "usr/lib/systemd/system/role.service": "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n",
    # For the test alone: scripts have less time.
    "etc/systemd/system/modpkg-rc.service.d/short.conf": (
        "[Service]\nExecStart=\nExecStart=/usr/bin/python3 -B /usr/lib/modpkg/node/rc.py --seconds 8\n"
    ),
    # What early.service reads of the share shows that the files come before services.
    "etc/systemd/system/early.service": (
        "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/cp /etc/motd /run/motd-at-start\n"
    ),
    "root/.ssh/authorized_keys": "key of the site",
}


@pytest.fixture(scope="module")
def root() -> SmallRoot:
    return small_root("chrony", "nfs-common", "openssh-server", "python3", "tzdata")


@pytest.fixture
def share(tmp_path: Path) -> Path:
    place = tmp_path / "share"
    (place / "rc.boot").mkdir(parents=True)
    for name, text in SCRIPTS.items():
        path = place / "rc.boot" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o644 if "not-executable" in name else 0o755)
    (place / "rc.boot/90-folder").mkdir()
    texts = {"files.yaml": FILES, "motd": "welcome\n", "secret": "key\n", "files.yaml~": "%"}
    for name, text in texts.items():
        (place / name).write_text(text)
    qlustar = place / "image-files"
    (qlustar / "ldap").mkdir(parents=True)
    (qlustar / "ldap/ldap.conf").write_text("uri\n")
    (qlustar / "destinations").write_text(
        "/etc/ldap\nldap/ldap.conf /etc/ldap root:root 600\n#include more\n"
    )
    (qlustar / "more").write_text("/etc/ldap/ldap.conf /etc/ldap.conf\n")
    (qlustar / "softgroups").write_text("rack1: n1\nrack2: n2\n")
    for name in ("rack1", "rack2"):
        (qlustar / f"destinations.{name}").write_text(f"/etc/of-{name}\n")
    write_files(plan_files(place))
    return place


def cluster_of(port: int) -> Cluster:
    return Cluster(
        name="test",
        address="10.0.2.2",
        port=port,
        domain="cluster.example.org",
        dhcp=Dhcp(mode="full", interface="eth0", network="10.0.2.0/24"),
        roles={"one": ("role.service", "early.service", "none.service")},
    )


def nodes_of(cluster: Cluster, nfs_port: int) -> Nodes:
    options = f"vers=4.2,soft,port={nfs_port}"
    said = Settings.model_validate(
        {
            "networks": {"eth0": {"address": "10.0.2.15/24", "gateway": "10.0.2.2", "mtu": 1400}},
            "mounts": {
                "/far-away": {"source": "10.0.2.2:/chroots", "options": f"ro,{options}"},
                "/scratch-1/a": {"source": "tmpfs", "type": "tmpfs", "options": "size=7m,mode=1777"},
            },
            "share": {"source": "10.0.2.2:/chroots", "options": f"ro,{options}"},
            "ssh-keys": (KEY,),
            "host-keys": "head",
            "roles": ("one",),
            "time": {"zone": "Asia/Tokyo", "servers": ("10.0.2.2",)},
            "resolver": {"servers": ("10.0.2.3",), "search": ("cluster.example.org",)},
        }
    )
    node = Node(
        name="n1", macs=("52:54:00:12:34:56",), groups=("rack", "all"), address="10.0.2.15", settings=said
    )
    other = Node(name="n2", macs=("52:54:00:12:34:57",), groups=(), address="10.0.2.77", settings=Settings())
    return Nodes(cluster=cluster, nodes={"n1": node, "n2": other}, disks={})


def test_a_node_is_told_its_settings_and_takes_files_and_scripts_from_its_share(
    root: SmallRoot, share: Path, tmp_path: Path
) -> None:
    served: dict[str, Path | bytes] = {}
    with serving(served) as head, nfs_server(share, tmp_path / "nfs") as nfs:
        nodes = nodes_of(cluster_of(head.port), nfs.port)
        keys = make_keys(nodes, tmp_path / "host-keys")
        public = run(["ssh-keygen", "-y", "-f", tmp_path / "host-keys/n1"]).stdout.split()[1]
        image = node_image(
            "node",
            root,
            tmp_path / "image",
            IMAGE_FILES,
            read_rows(ROWS, HOSTKEY=public.replace("+", r"\+"), THEID=machine_id("test", "n1")),
        )
        hosts = etc_hosts_text(nodes)
        planner = Planner(cluster=nodes.cluster, hosts_sha256=digest_text(hosts))
        shown = HeadImage(directory="x", about=read_image(image))
        plan = planner.plan(nodes.nodes["n1"], shown, record='{"name":"n1"}\n', host_key=keys["n1"])
        texts = {"settings/n1.sh": plan.text, HOSTS_NAME: hosts, "host-keys": keys["n1"]}
        served.update({name: text.encode() for name, text in texts.items()})
        report = boot_image(
            image,
            options=BootOptions(
                memory_mb=1024, timeout_seconds=700, arguments=("net.ifnames=1", *plan.arguments)
            ),
            work=tmp_path / "work",
        )
    bad = [(result.name, result.output, result.reason) for result in report.tests if not result.ok]
    assert bad == []
    # Each says so, as one of its entries failed.
    assert report.failed_units == ("modpkg-files.service", "modpkg-rc.service")
    console = report.console.read_text()
    assert "settings warning none.service is not started: the image has no such unit" in console
    ended = [event for event in parse_stages(console) if (event.stage, event.state) == ("settings", "end")]
    assert [event.detail for event in ended] == [
        "24 files; none.service is not started: the image has no such unit"
    ]
