"""What cluster and inventory say about each other and of images, disks, chroots, roles. Opens no file."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from modpkg.formats.drafts import as_far_as_known, numbered
from modpkg.formats.inventory_members import check_members, no_place_in
from modpkg.formats.problems import way_text
from modpkg.formats.words import closest
from modpkg.model.address import ends_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from modpkg.errors import Problem
    from modpkg.formats.documents import Loaded
    from modpkg.formats.yaml import Keys, Parsed
    from modpkg.model.cluster import Cluster
    from modpkg.model.disks import Disks
    from modpkg.model.inventory import Inventory
    from modpkg.model.settings import Settings


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

    def readable(self) -> Iterator[tuple[Parsed, Inventory]]:
        """Give the inventories, those with faults of their own as far as they are right."""
        for one in self.inventories.values():
            if one.draft is not None and one.parsed is not None:
                yield one.parsed, one.draft


def check_inventory(drafts: NodeDrafts) -> Iterator[Problem]:
    """Give the problems that only show when the documents are seen together."""
    cluster, parsed = drafts.cluster.draft, drafts.cluster.parsed
    if cluster is not None and parsed is not None:
        yield from _dhcp(cluster, parsed)
        yield from _defaults(cluster, parsed, drafts)
    for text, inventory in drafts.readable():
        for table in ("groups", "nodes"):
            yield from _each(inventory, table, text, drafts)
    for name, loaded in drafts.disks.items():
        if loaded.draft is not None and loaded.parsed is not None:
            yield from _name(name, loaded.draft, loaded.parsed)
    yield from check_members(drafts)


@as_far_as_known
def _name(name: str, disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    if disks.name != name:
        message = f"name: {disks.name!r} is not the name of its file, {name!r}"
        yield parsed.problem(("name",), message, hint="rename one: file and name are the same")


@as_far_as_known
def _dhcp(cluster: Cluster, parsed: Parsed) -> Iterator[Problem]:
    network = IPv4Network(cluster.dhcp.network)
    for way in (("address",), ("dhcp", "router"), ("dhcp", "range")):
        yield from _inside(network, cluster, way, parsed)
    yield from _range_of_others(network, cluster, parsed)
    if cluster.dhcp.mode == "proxy" and cluster.dhcp.range:
        message = "dhcp.range: a proxy gives no addresses"
        yield parsed.problem(("dhcp", "range"), message, hint="remove it, or write mode: full", key=True)


@as_far_as_known
def _inside(network: IPv4Network, cluster: Cluster, way: Keys, parsed: Parsed) -> Iterator[Problem]:
    said = getattr(cluster.dhcp if len(way) > 1 else cluster, str(way[-1]))
    for address in said.split("-") if said else ():
        if fault := no_place_in(network, IPv4Address(address)):
            yield parsed.problem(way, f"{way_text(way)}: {address} {fault}")


@as_far_as_known
def _range_of_others(network: IPv4Network, cluster: Cluster, parsed: Parsed) -> Iterator[Problem]:
    for owner, address in (("the head", cluster.address), ("the router", cluster.dhcp.router)):
        if cluster.dhcp.range and address:
            first, last = ends_of(cluster.dhcp.range)
            if first in network and last in network and first <= IPv4Address(address) <= last:
                message = f"dhcp.range: it holds {address}, which is that of {owner}"
                yield parsed.problem(("dhcp", "range"), message)


@as_far_as_known
def _defaults(cluster: Cluster, parsed: Parsed, drafts: NodeDrafts) -> Iterator[Problem]:
    yield from _settings(cluster.defaults, ("defaults",), parsed, drafts)


@as_far_as_known
def _each(inventory: Inventory, table: str, parsed: Parsed, drafts: NodeDrafts) -> Iterator[Problem]:
    for name, settings in getattr(inventory, table).items():
        yield from _settings(settings, (table, name), parsed, drafts)


def _settings(settings: Settings, way: Keys, parsed: Parsed, drafts: NodeDrafts) -> Iterator[Problem]:
    for key in ("image", "disks", "chroot"):
        yield from _one_of(key, settings, way, parsed, drafts)
    yield from _boot(settings, way, parsed, drafts)
    yield from _roles(settings, way, parsed, drafts)


@as_far_as_known
def _one_of(key: str, settings: Settings, way: Keys, parsed: Parsed, drafts: NodeDrafts) -> Iterator[Problem]:
    name = getattr(settings, key)
    if name is None or (key == "chroot" and drafts.cluster.draft is None):
        return
    known: Collection[str] = drafts.images if key == "image" else drafts.disks
    if key == "chroot" and drafts.cluster.draft is not None:
        known = drafts.cluster.draft.chroots
    if name not in known:
        noun = "disk configuration" if key == "disks" else key
        yield _unknown(parsed, (*way, key), noun, name, known)


@as_far_as_known
def _boot(settings: Settings, way: Keys, parsed: Parsed, drafts: NodeDrafts) -> Iterator[Problem]:
    cluster = drafts.cluster.draft
    if cluster is not None and settings.boot == "uki" and cluster.dhcp.mode == "proxy":
        message = f"{way_text((*way, 'boot'))}: a proxy gives all machines the same program"
        yield parsed.problem((*way, "boot"), message, hint="write boot: ipxe, or dhcp.mode: full")


@as_far_as_known
def _roles(settings: Settings, way: Keys, parsed: Parsed, drafts: NodeDrafts) -> Iterator[Problem]:
    cluster = drafts.cluster.draft
    for index, role in numbered(settings.roles):
        if cluster is not None and role not in cluster.roles:
            yield _unknown(parsed, (*way, "roles", index), "role", role, cluster.roles)


def _unknown(parsed: Parsed, way: Keys, noun: str, name: str, known: Collection[str]) -> Problem:
    hint = closest(name, known) or f"there is no {noun} at all yet"
    return parsed.problem(way, f"{way_text(way)}: there is no {noun} {name!r}", hint=hint)
