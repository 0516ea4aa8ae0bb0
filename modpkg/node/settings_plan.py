"""What one node is told, as the shell that its initrd runs before the image's init starts. Pure.

All texts are made here; the node only puts them in place (lib/modpkg/settings.sh). Every value stands in single
quotes, so that none is ever a word of the shell.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from modpkg.node.chroot import CHROOT_CONF, chroot_conf
from modpkg.node.unit_files import MARK, mount_files, mount_links, network_files, share_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from modpkg.model.cluster import Cluster
    from modpkg.model.inventory import Node, Nodes
    from modpkg.model.node import HeadImage
    from modpkg.model.settings import Resolver, Settings, Time

LOCALHOST: Final = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
CHRONY: Final = """\
# Made by: modpkg head
{servers}driftfile /var/lib/chrony/chrony.drift
ntsdumpdir /var/lib/chrony
logdir /var/log/chrony
maxupdateskew 100.0
rtcsync
makestep 1 3
"""
# Drawn once: ids of machines are made below it. Another one would end every node's journal.
MACHINES: Final = UUID("ffad831b-d4cc-49b8-bcd5-37d71ccc3deb")
KEY_URL: Final = "host-keys"
HOSTS_NAME: Final = "settings/hosts"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPlan:
    """The plan of one node: a file of the head, and words for the node's kernel command line."""

    path: str
    text: str
    arguments: tuple[str, ...]


def etc_hosts_text(nodes: Nodes) -> str:
    """Give /etc/hosts for all nodes: those with an address of their own."""
    cluster = nodes.cluster
    lines = (
        f"{node.address} {' '.join(_names(name, cluster))}\n"
        for name, node in nodes.nodes.items()
        if node.address
    )
    return MARK + LOCALHOST + f"{cluster.address} head\n" + "".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """Makes the plans of a cluster's nodes. `hosts_sha256` is that of `etc_hosts_text`.

    Thousands of nodes share few sets of settings: what follows from a set alone is made once.
    """

    cluster: Cluster
    hosts_sha256: str
    shared: dict[int, str] = field(default_factory=dict)

    def plan(self, node: Node, image: HeadImage, *, record: str, host_key: str | None = None) -> SettingsPlan:
        """Give the plan of a node. `record` is what it is told, as JSON; `host_key` the key that the head keeps."""
        key = id(node.settings)
        if key not in self.shared:
            self.shared[key] = "\n".join(_of_settings(node.settings, self.cluster))
        words = [
            "#!/bin/busybox sh",
            f"# The settings of {node.name}. Made by: modpkg head",
            *_identity(node, self.cluster, image, record),
            *_hosts(node, self.cluster, self.hosts_sha256),
            *_host_keys(node, self.cluster, host_key),
            self.shared[key],
        ]
        text = "\n".join([*words, ""])
        path = f"settings/{node.name}.sh"
        return SettingsPlan(
            path=path,
            text=text,
            arguments=(
                f"modpkg.settings={self.cluster.url}/{path}",
                f"modpkg.settings-sha256={digest_text(text)}",
            ),
        )


def quoted(text: str) -> str:
    """Give a text as one word of a POSIX shell, whatever is in it."""
    return "'" + text.replace("'", "'\\''") + "'"


def digest_text(text: str) -> str:
    """Give the sha256 of a text as a file has it."""
    return hashlib.sha256(text.encode()).hexdigest()


def machine_id(cluster: str, node: str) -> str:
    """Give the id of a machine (machine-id(5)): 32 hexadecimal digits, the same at each boot of the node.

    The journal of a disk goes on under it, and DHCP knows the node by it again. It is a UUID of RFC 9562, version 5.
    """
    return uuid5(MACHINES, f"{cluster}/{node}").hex


def _call(function: str, *words: str) -> str:
    return " ".join([function, *map(quoted, words)])


def _of_settings(said: Settings, cluster: Cluster) -> Iterator[str]:
    yield from _mounts(said)
    yield from _networks(said)
    yield from _ssh_keys(said)
    yield from _units(said, cluster)
    yield from _chroot(said, cluster)
    yield from _time(said.time) if said.time else ()
    yield from _resolver(said.resolver)


def _identity(node: Node, cluster: Cluster, image: HeadImage, record: str) -> Iterator[str]:
    environment = {
        "NODE": node.name,
        "CLUSTER": cluster.name,
        "HEAD": cluster.url,
        "IMAGE": f"{image.name} {image.version}",
        "GROUPS": " ".join(node.groups),
        "ROLES": " ".join(node.settings.roles),
    }
    text = "".join(f'MODPKG_{name}="{value}"\n' for name, value in environment.items())
    yield _call("put", "/run/modpkg/node.env", "0644", text)
    yield _call("put", "/run/modpkg/node.json", "0644", record)
    yield _call("put", "/etc/hostname", "0644", f"{node.name}\n")
    yield _call("put", "/etc/machine-id", "0444", f"{machine_id(cluster.name, node.name)}\n")


def _names(name: str, cluster: Cluster) -> tuple[str, ...]:
    return (f"{name}.{cluster.domain}", name) if cluster.domain else (name,)


def _hosts(node: Node, cluster: Cluster, sha256: str) -> Iterator[str]:
    yield _call("put_fetched", "/etc/hosts", "0644", f"{cluster.url}/{HOSTS_NAME}", sha256)
    if not node.address:
        # Its address comes by DHCP: the name leads to the node itself all the same.
        yield _call("add_lines", "/etc/hosts", "0644", f"127.0.1.1 {' '.join(_names(node.name, cluster))}\n")


def _mounts(said: Settings) -> Iterator[str]:
    for path, mount in said.mounts.items():
        yield from _files(mount_files(path, mount))
        yield from _links(mount_links(path, mount))
    if said.share:
        yield from _files(share_files(said.share))


def _networks(said: Settings) -> Iterator[str]:
    for device, network in said.networks.items():
        yield from _files(network_files(device, network))
    if said.networks:
        yield _call("want", "systemd-networkd.service")


def _ssh_keys(said: Settings) -> Iterator[str]:
    if said.ssh_keys:
        lines = "".join(f"{key}\n" for key in said.ssh_keys)
        yield _call("add_lines", "/root/.ssh/authorized_keys", "0600", lines)


def _host_keys(node: Node, cluster: Cluster, host_key: str | None) -> Iterator[str]:
    if host_key is not None:
        yield _call("head_key", f"{cluster.url}/{KEY_URL}", digest_text(host_key))
    elif node.settings.host_keys in {None, "disk"}:
        # Where the node has no disk for them, new ones are made at each boot, as without a word.
        yield _call("disk_keys", "must" if node.settings.host_keys else "may")


def _units(said: Settings, cluster: Cluster) -> Iterator[str]:
    units = dict.fromkeys(unit for role in said.roles for unit in cluster.roles[role])
    yield from (_call("want", unit) for unit in units)


def _chroot(said: Settings, cluster: Cluster) -> Iterator[str]:
    chroot = cluster.chroots.get(said.chroot or "")
    if chroot:
        yield _call("put", CHROOT_CONF, "0644", chroot_conf(chroot))


def _time(time: Time) -> Iterator[str]:
    if time.zone:
        yield _call("zone", time.zone)
    if time.servers:
        servers = "".join(f"server {server} iburst\n" for server in time.servers)
        yield _call("put_for", "usr/sbin/chronyd", "/etc/chrony/chrony.conf", CHRONY.format(servers=servers))
        text = f"{MARK}[Time]\nNTP={' '.join(time.servers)}\n"
        yield _call(
            "put_for",
            "usr/lib/systemd/systemd-timesyncd",
            "/etc/systemd/timesyncd.conf.d/modpkg.conf",
            text,
        )


def _resolver(resolver: Resolver | None) -> Iterator[str]:
    if resolver is None:
        yield "resolver_of_lease"
        return
    search = f"search {' '.join(resolver.search)}\n" if resolver.search else ""
    lines = "".join(f"nameserver {server}\n" for server in resolver.servers)
    yield _call("put", "/etc/resolv.conf", "0644", MARK + search + lines)


def _files(files: Mapping[str, str]) -> Iterator[str]:
    yield from (_call("put", path, "0644", text) for path, text in files.items())


def _links(links: Mapping[str, str]) -> Iterator[str]:
    yield from (_call("put_link", path, target) for path, target in links.items())
