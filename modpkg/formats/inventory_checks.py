"""What cluster and inventory say about each other: names, MACs, addresses, groups that disagree. Opens no file."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from modpkg.formats.problems import way_text
from modpkg.formats.words import closest
from modpkg.model.address import ends_of
from modpkg.model.document import dashed
from modpkg.model.hostlist import expand
from modpkg.model.settings import conflicts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from modpkg.errors import Problem
    from modpkg.formats.documents import Loaded
    from modpkg.formats.yaml import Keys, Parsed
    from modpkg.model.cluster import Cluster
    from modpkg.model.disks import Disks
    from modpkg.model.inventory import Group, Inventory
    from modpkg.model.settings import Settings

SHOWN_NAMES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDrafts:
    """All documents about nodes, with or without faults, and the names of what they may speak of."""

    folder: Path
    cluster: Loaded[Cluster]
    inventories: Mapping[str, Loaded[Inventory]]
    images: Collection[str]
    disks: Mapping[str, Loaded[Disks]]

    def problems(self) -> list[Problem]:
        """Give the problems that single files have."""
        return [
            *self.cluster.problems,
            *(problem for one in self.inventories.values() for problem in one.problems),
            *(problem for one in self.disks.values() for problem in one.problems),
        ]

    def sound(self) -> Iterator[tuple[Parsed, Inventory]]:
        """Give the inventories that have no faults of their own."""
        for one in self.inventories.values():
            if one.document is not None and one.parsed is not None:
                yield one.parsed, one.document


def members(group: Group) -> Iterator[tuple[str, str | None]]:
    """Give the nodes of a group, each with the address that the group gives it."""
    first = IPv4Address(group.first_address) if group.first_address else None
    for index, name in enumerate(expand(group.nodes)):
        yield name, str(first + index) if first else None


def check_inventory(drafts: NodeDrafts) -> Iterator[Problem]:
    """Give the problems that only show when the documents are seen together."""
    cluster, parsed = drafts.cluster.document, drafts.cluster.parsed
    if cluster is not None and parsed is not None:
        yield from _dhcp(cluster, parsed)
        yield from _settings(cluster.defaults, ("defaults",), parsed, drafts)
    for text, inventory in drafts.sound():
        for group, settings in inventory.groups.items():
            yield from _settings(settings, ("groups", group), text, drafts)
        for node, own in inventory.nodes.items():
            yield from _settings(own, ("nodes", node), text, drafts)
    for name, loaded in drafts.disks.items():
        if loaded.document is not None and loaded.parsed is not None and loaded.document.name != name:
            message = f"name: {loaded.document.name!r} is not the name of its file, {name!r}"
            hint = "rename one: file and name are the same"
            yield loaded.parsed.problem(("name",), message, hint=hint)
    yield from _twice(drafts)
    if all(one.document is not None for one in drafts.inventories.values()):
        # A file that cannot be read may hold the node that seems to be missing.
        yield from _memberships(drafts)
        yield from _addresses(drafts)


def _dhcp(cluster: Cluster, parsed: Parsed) -> Iterator[Problem]:
    network = IPv4Network(cluster.dhcp.network)
    inside = [(("address",), cluster.address), (("dhcp", "router"), cluster.dhcp.router)]
    ends = cluster.dhcp.range.split("-") if cluster.dhcp.range else []
    inside += [(("dhcp", "range"), end) for end in ends]
    for way, address in inside:
        if address and IPv4Address(address) not in network:
            yield parsed.problem(way, f"{way_text(way)}: {address} is not in the network {network}")
    if cluster.dhcp.mode == "proxy" and cluster.dhcp.range:
        message = "dhcp.range: a proxy gives no addresses"
        yield parsed.problem(("dhcp", "range"), message, hint="remove it, or write mode: full", key=True)


def _settings(settings: Settings, way: Keys, parsed: Parsed, drafts: NodeDrafts) -> Iterator[Problem]:
    cluster = drafts.cluster.document
    tables: list[tuple[str, Collection[str]]] = [("image", drafts.images), ("disks", drafts.disks)]
    if cluster is not None:
        tables.append(("chroot", cluster.chroots))
    for key, known in tables:
        name = getattr(settings, key)
        if name is not None and name not in known:
            noun = "disk configuration" if key == "disks" else key
            yield _unknown(parsed, (*way, key), noun, name, known)
    if cluster is not None and settings.boot == "uki" and cluster.dhcp.mode == "proxy":
        message = f"{way_text((*way, 'boot'))}: a proxy gives all machines the same program"
        yield parsed.problem((*way, "boot"), message, hint="write boot: ipxe, or dhcp.mode: full")
    for index, role in enumerate(settings.roles):
        if cluster is not None and role not in cluster.roles:
            yield _unknown(parsed, (*way, "roles", index), "role", role, cluster.roles)


def _unknown(parsed: Parsed, way: Keys, noun: str, name: str, known: Collection[str]) -> Problem:
    hint = closest(name, known) or f"there is no {noun} at all yet"
    return parsed.problem(way, f"{way_text(way)}: there is no {noun} {name!r}", hint=hint)


def _twice(drafts: NodeDrafts) -> Iterator[Problem]:
    # A key that is twice in one file is YAML's own fault; here are those of two files.
    seen: dict[tuple[str, str], str] = {}
    owners: dict[str, str] = {}
    for parsed, inventory in drafts.sound():
        for table in ("macs", "groups", "nodes"):
            for name in getattr(inventory, table):
                first = seen.setdefault((table, name), parsed.text.file)
                if first != parsed.text.file:
                    message = f"{table}.{name}: it is in {first} already"
                    yield parsed.problem((table, name), message, hint="remove one", key=True)
        for node, macs in inventory.macs.items():
            for index, mac in enumerate(macs.split()):
                owner = owners.setdefault(mac, node)
                if owner != node or mac in macs.split()[:index]:
                    yield parsed.problem(("macs", node), f"macs.{node}: {mac} is a MAC of {owner!r} already")


def _memberships(drafts: NodeDrafts) -> Iterator[Problem]:
    known = {name for _, inventory in drafts.sound() for name in inventory.macs}
    groups: dict[str, list[tuple[str, Group]]] = {}
    told: set[tuple[str, str]] = set()
    for parsed, inventory in drafts.sound():
        for name, group in inventory.groups.items():
            hosts = expand(group.nodes)
            yield from _strangers(parsed, ("groups", name, "nodes"), [h for h in hosts if h not in known])
            for host in hosts:
                for other, earlier in groups.get(host, ()):
                    if (other, name) not in told:
                        told.add((other, name))
                        yield from _disagree(parsed, name, group, (other, earlier, host))
                groups.setdefault(host, []).append((name, group))
        for name in inventory.nodes:
            if name not in known:
                message = f"nodes.{name}: there is no node {name!r}"
                hint = closest(name, known) or "write its MAC into macs"
                yield parsed.problem(("nodes", name), message, hint=hint, key=True)
    yield from _without_image(drafts, groups)


def _without_image(drafts: NodeDrafts, groups: Mapping[str, list[tuple[str, Group]]]) -> Iterator[Problem]:
    if drafts.cluster.document is None or drafts.cluster.document.defaults.image:
        return
    own = {name for _, inventory in drafts.sound() for name, node in inventory.nodes.items() if node.image}
    for parsed, inventory in drafts.sound():
        for name in inventory.macs:
            mine = groups.get(name, [])
            if name not in own and not any(group.image for _, group in mine):
                where = "none of its groups has an image" if mine else "it is in no group and has no image"
                hint = "put it into a group, or write defaults.image into cluster.yaml"
                yield parsed.problem(("macs", name), f"macs.{name}: {where}", hint=hint, key=True)


def _strangers(parsed: Parsed, way: Keys, hosts: list[str]) -> Iterator[Problem]:
    if hosts:
        names = ", ".join(hosts[:SHOWN_NAMES])
        more = f" and {len(hosts) - SHOWN_NAMES} more" if len(hosts) > SHOWN_NAMES else ""
        message = f"{way_text(way)}: no such node: {names}{more}"
        yield parsed.problem(way, message, hint="write their MACs into macs, or shorten the list")


def _disagree(parsed: Parsed, name: str, group: Group, other: tuple[str, Group, str]) -> Iterator[Problem]:
    other_name, earlier, host = other
    for way in conflicts(earlier, group):
        place: Keys = ("groups", name, dashed(way[0]), *way[1:])
        message = f"{way_text(place)}: {host!r} is in the group {other_name!r} too, which says otherwise"
        yield parsed.problem(place, message, hint="say it in one of them")


def _addresses(drafts: NodeDrafts) -> Iterator[Problem]:
    cluster = drafts.cluster.document
    if cluster is None:
        return
    network = IPv4Network(cluster.dhcp.network)
    owners = {cluster.address: "the head", str(cluster.dhcp.router): "the router"}
    with_address: set[str] = set()
    own = {name for _, one in drafts.sound() for name, node in one.nodes.items() if node.address}
    for parsed, inventory in drafts.sound():
        given: list[tuple[Keys, str, str]] = []
        for name, group in inventory.groups.items():
            way: Keys = ("groups", name, "first-address")
            given += [(way, host, a) for host, a in members(group) if a and host not in own]
        nodes = inventory.nodes.items()
        given += [(("nodes", name, "address"), name, node.address) for name, node in nodes if node.address]
        for way, host, address in given:
            with_address.add(host)
            owner = owners.setdefault(address, host)
            if owner != host:
                yield parsed.problem(
                    way, f"{way_text(way)}: {address} of {host!r} is that of {owner} already"
                )
            if IPv4Address(address) not in network:
                message = f"{way_text(way)}: {address} of {host!r} is not in the network {network}"
                yield parsed.problem(way, message)
    yield from _without_address(drafts, cluster, with_address)


def _without_address(drafts: NodeDrafts, cluster: Cluster, with_address: set[str]) -> Iterator[Problem]:
    if cluster.dhcp.mode == "proxy":
        return
    free = 0
    if cluster.dhcp.range:
        first, last = ends_of(cluster.dhcp.range)
        free = int(last) - int(first) + 1
    for parsed, inventory in drafts.sound():
        for name, macs in inventory.macs.items():
            if name in with_address:
                continue
            free -= len(macs.split())
            if free < 0:
                message = f"macs.{name}: there is no address for {name!r}"
                hint = "write nodes.*.address, groups.*.first-address, or a larger dhcp.range"
                yield parsed.problem(("macs", name), message, hint=hint, key=True)
