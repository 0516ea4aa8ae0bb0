"""Which nodes there are, and what groups say of them: names, MACs, addresses, groups that disagree. Opens no file.

A node, a group, that only seems to be missing may be in a part of a file that is faulty: nothing is said of it then.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Final

from modpkg.formats.drafts import as_far_as_known
from modpkg.formats.problems import way_text
from modpkg.formats.words import closest
from modpkg.model.address import ends_of
from modpkg.model.document import dashed
from modpkg.model.hostlist import expand
from modpkg.model.settings import conflicts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modpkg.errors import Problem
    from modpkg.formats.inventory_checks import NodeDrafts
    from modpkg.formats.yaml import Keys, Parsed
    from modpkg.model.cluster import Cluster
    from modpkg.model.inventory import Group, Inventory

SHOWN_NAMES: Final = 5
LAST: Final = 2**32 - 1
# A network of two has neither an address of its own nor one for all (RFC 3021).
LEAST_ADDRESSES: Final = 2
Groups = dict[str, list[tuple[str, "Group"]]]


def members(group: Group) -> Iterator[tuple[str, str | None]]:
    """Give the nodes of a group, each with the address that the group gives it."""
    first = IPv4Address(group.first_address) if group.first_address else None
    for index, name in enumerate(expand(group.nodes)):
        # Beyond the last there is none: its group is told.
        yield name, str(first + index) if first and int(first) + index <= LAST else None


def check_members(drafts: NodeDrafts) -> Iterator[Problem]:
    """Give the problems of nodes and groups, seen over all inventories."""
    yield from _twice(drafts)
    known = _known_nodes(drafts)
    groups: Groups = {}
    told: set[tuple[str, str]] = set()
    for parsed, inventory in drafts.readable():
        for name, group in inventory.__dict__.get("groups", {}).items():
            yield from _group((name, group), parsed, known, (groups, told))
        if known is not None:
            yield from _own_settings(inventory, parsed, known)
    if drafts.cluster.draft is not None:
        owners = _owners(drafts.cluster.draft)
        for parsed, inventory in drafts.readable():
            yield from _addresses(drafts, inventory, parsed, owners)
    cluster = drafts.cluster.document
    if cluster is not None and all(one.document is not None for one in drafts.inventories.values()):
        yield from _without_image(drafts, cluster, groups)
        yield from _without_address(drafts, cluster)


def _known_nodes(drafts: NodeDrafts) -> set[str] | None:
    # None where a file cannot be read in that part: it may hold any node.
    known: set[str] = set()
    readable = list(drafts.readable())
    for parsed, inventory in readable:
        macs = inventory.__dict__.get("macs")
        if macs is None or macs.keys() != parsed.value.get("macs", {}).keys():
            return None
        known |= macs.keys()
    return known if len(readable) == len(drafts.inventories) else None


def _twice(drafts: NodeDrafts) -> Iterator[Problem]:
    # A key that is twice in one file is YAML's own fault; here are those of two files.
    seen: dict[tuple[str, str], str] = {}
    owners: dict[str, str] = {}
    for parsed, inventory in drafts.readable():
        for table in ("macs", "groups", "nodes"):
            for name in inventory.__dict__.get(table, ()):
                first = seen.setdefault((table, name), parsed.text.file)
                if first != parsed.text.file:
                    message = f"{table}.{name}: it is in {first} already"
                    yield parsed.problem((table, name), message, hint="remove one", key=True)
        for node, macs in inventory.__dict__.get("macs", {}).items():
            for index, mac in enumerate(macs.split()):
                owner = owners.setdefault(mac, node)
                if owner != node or mac in macs.split()[:index]:
                    yield parsed.problem(("macs", node), f"macs.{node}: {mac} is a MAC of {owner!r} already")


@as_far_as_known
def _group(
    named: tuple[str, Group],
    parsed: Parsed,
    known: set[str] | None,
    before: tuple[Groups, set[tuple[str, str]]],
) -> Iterator[Problem]:
    name, group = named
    groups, told = before
    hosts = expand(group.nodes)
    strangers = [host for host in hosts if known is not None and host not in known]
    yield from _strangers(parsed, ("groups", name, "nodes"), strangers)
    for host in hosts:
        for other, earlier in groups.get(host, ()):
            if (other, name) not in told:
                told.add((other, name))
                yield from _disagree(parsed, name, group, (other, earlier, host))
        groups.setdefault(host, []).append((name, group))


@as_far_as_known
def _own_settings(inventory: Inventory, parsed: Parsed, known: set[str]) -> Iterator[Problem]:
    for name in inventory.nodes:
        if name not in known:
            message = f"nodes.{name}: there is no node {name!r}"
            hint = closest(name, known) or "write its MAC into macs"
            yield parsed.problem(("nodes", name), message, hint=hint, key=True)


def _without_image(drafts: NodeDrafts, cluster: Cluster, groups: Groups) -> Iterator[Problem]:
    if cluster.defaults.image:
        return
    own = {name for _, inventory in drafts.readable() for name, node in inventory.nodes.items() if node.image}
    for parsed, inventory in drafts.readable():
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


@as_far_as_known
def _disagree(parsed: Parsed, name: str, group: Group, other: tuple[str, Group, str]) -> Iterator[Problem]:
    other_name, earlier, host = other
    for way in conflicts(earlier, group):
        place: Keys = ("groups", name, dashed(way[0]), *way[1:])
        message = f"{way_text(place)}: {host!r} is in the group {other_name!r} too, which says otherwise"
        yield parsed.problem(place, message, hint="say it in one of them")


def _owners(cluster: Cluster) -> dict[str, str]:
    dhcp = cluster.__dict__.get("dhcp")
    taken = {cluster.__dict__.get("address"): "the head", dhcp and dhcp.__dict__.get("router"): "the router"}
    return {address: owner for address, owner in taken.items() if address}


def _given(drafts: NodeDrafts, inventory: Inventory) -> Iterator[tuple[Keys, str, str]]:
    own = {
        name
        for _, one in drafts.readable()
        for name, node in one.__dict__.get("nodes", {}).items()
        if node.__dict__.get("address", "a gap")
    }
    for name, group in inventory.__dict__.get("groups", {}).items():
        if {"nodes", "first_address"} <= group.__dict__.keys():
            way: Keys = ("groups", name, "first-address")
            yield from (
                (way, host, address) for host, address in members(group) if address and host not in own
            )
    for name, node in inventory.__dict__.get("nodes", {}).items():
        if address := node.__dict__.get("address"):
            yield ("nodes", name, "address"), name, address


def _addresses(
    drafts: NodeDrafts, inventory: Inventory, parsed: Parsed, owners: dict[str, str]
) -> Iterator[Problem]:
    for name, group in inventory.__dict__.get("groups", {}).items():
        if {"nodes", "first_address"} <= group.__dict__.keys() and group.first_address:
            short = sum(address is None for _, address in members(group))
            place: Keys = ("groups", name, "first-address")
            if short:
                yield parsed.problem(
                    place, f"{way_text(place)}: there is no address for the last {short} of its nodes"
                )
    for way, host, address in _given(drafts, inventory):
        owner = owners.setdefault(address, host)
        if owner != host:
            yield parsed.problem(way, f"{way_text(way)}: {address} of {host!r} is that of {owner} already")
        if drafts.cluster.draft is not None:
            yield from _outside(drafts.cluster.draft, parsed, way, (host, address))


@as_far_as_known
def _outside(cluster: Cluster, parsed: Parsed, way: Keys, given: tuple[str, str]) -> Iterator[Problem]:
    host, address = given
    fault = no_place_in(IPv4Network(cluster.dhcp.network), IPv4Address(address))
    if fault:
        yield parsed.problem(way, f"{way_text(way)}: {address} of {host!r} {fault}")


def no_place_in(network: IPv4Network, address: IPv4Address) -> str:
    """Say why a machine of a network cannot have an address; "" where it can."""
    if address not in network:
        return f"is not in the network {network}"
    if network.num_addresses > LEAST_ADDRESSES and address == network.network_address:
        return f"is the network {network} itself"
    if network.num_addresses > LEAST_ADDRESSES and address == network.broadcast_address:
        return f"means all machines of the network {network}"
    return ""


def _without_address(drafts: NodeDrafts, cluster: Cluster) -> Iterator[Problem]:
    if cluster.dhcp.mode == "proxy":
        return
    with_address = {host for _, one in drafts.readable() for _, host, _ in _given(drafts, one)}
    free = 0
    if cluster.dhcp.range:
        first, last = ends_of(cluster.dhcp.range)
        free = int(last) - int(first) + 1
    for parsed, inventory in drafts.readable():
        for name, macs in inventory.macs.items():
            if name in with_address:
                continue
            free -= len(macs.split())
            if free < 0:
                message = f"macs.{name}: there is no address for {name!r}"
                hint = "write nodes.*.address, groups.*.first-address, or a larger dhcp.range"
                yield parsed.problem(("macs", name), message, hint=hint, key=True)
