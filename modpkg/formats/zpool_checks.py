"""Rules of the pools of a disk document: vdevs that can be, names and properties that ZFS has. It opens no files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from modpkg.formats.drafts import as_far_as_known, column, numbered
from modpkg.formats.problems import way_text
from modpkg.formats.words import closest
from modpkg.model.disks import LEAST_OF_VDEV

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modpkg.errors import Problem
    from modpkg.formats.yaml import Keys, Parsed
    from modpkg.model.disks import Dataset, Disks, Vdev, Zpool

# From zpool-create(8): words of its own command line, and what once was a disk's name.
RESERVED_NAMES: Final = re.compile(r"(mirror|raidz|draid|spare).*|log|c[0-9].*")
# What may be said of a pool (zpoolprops(7)) and of a dataset (zfsprops(7)); those that are modpkg's are below.
POOL_PROPERTIES: Final = frozenset(
    (
        *("ashift", "autoexpand", "autoreplace", "autotrim", "compatibility", "delegation", "failmode"),
        "listsnapshots",
    )
)
DATASET_PROPERTIES: Final = frozenset(
    (
        *(
            "aclinherit",
            "aclmode",
            "acltype",
            "atime",
            "casesensitivity",
            "checksum",
            "compression",
            "copies",
        ),
        *("dedup", "devices", "dnodesize", "exec", "filesystem_limit", "logbias", "normalization", "overlay"),
        *(
            "primarycache",
            "quota",
            "readonly",
            "recordsize",
            "redundant_metadata",
            "refquota",
            "refreservation",
        ),
        *("relatime", "reservation", "secondarycache", "setuid", "sharenfs", "snapdir", "snapshot_limit"),
        *("special_small_blocks", "sync", "utf8only", "xattr"),
    )
)
LOCKED: Final = "a node has nobody to ask for a key at boot"
OURS: Final = {
    "altroot": "pools are mounted where the node's root will be",
    "cachefile": "the initrd looks for pools itself",
    "canmount": "write mount",
    "comment": "it has the pool's identity",
    "encryption": LOCKED,
    "keyformat": LOCKED,
    "keylocation": LOCKED,
    "mountpoint": "write mount",
}
# A property with a colon is a user's own; a colon at its start or end would not be one.
USER_PROPERTY: Final = re.compile(r"[a-z0-9][a-z0-9._-]*:[a-z0-9._:-]+")
OWN_PREFIX: Final = "modpkg:"


@as_far_as_known
def check_zpools(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    """Give the problems of a document's pools but those of names, mounts and members used twice."""
    for name, pool in disks.zpools.items():
        for rule in (_name, _vdevs, _pool_properties, _datasets):
            yield from rule(("zpools", name), pool, parsed)


@as_far_as_known
def _name(way: Keys, pool: Zpool, parsed: Parsed) -> Iterator[Problem]:
    del pool
    if RESERVED_NAMES.fullmatch(str(way[-1])):
        message = f"{way_text(way)}: ZFS keeps such names to itself"
        yield parsed.problem(way, message, hint="rename it, such as tank", key=True)


@as_far_as_known
def _vdevs(way: Keys, pool: Zpool, parsed: Parsed) -> Iterator[Problem]:
    first = ""
    for index, vdev in numbered(pool.vdevs):
        place: Keys = (*way, "vdevs", index)
        kind = vdev.__dict__.get("type", first)
        first = first or kind
        if kind != first:
            message = f"{way_text((*place, 'type'))}: {kind!r} beside {first!r}: what one loses, all lose"
            yield parsed.problem((*place, "type"), message, hint="write one type for all vdevs of a pool")
        for rule in (_members, _one_disk_twice):
            yield from rule(place, vdev, parsed)


@as_far_as_known
def _members(way: Keys, vdev: Vdev, parsed: Parsed) -> Iterator[Problem]:
    least = LEAST_OF_VDEV[vdev.type]
    if len(vdev.members) < least:
        count = len(vdev.members)
        message = f"{way_text((*way, 'members'))}: {vdev.type} has at least {least} members, not {count}"
        yield parsed.problem((*way, "members"), message)


@as_far_as_known
def _one_disk_twice(way: Keys, vdev: Vdev, parsed: Parsed) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, member in numbered(vdev.members):
        disk = member.partition(".")[0]
        if disk in seen:
            place: Keys = (*way, "members", index)
            message = f"{way_text(place)}: the disk {disk!r} is in this vdev twice"
            yield parsed.problem(place, message, hint="its failure would be that of two members")
        seen.add(disk)


@as_far_as_known
def _datasets(way: Keys, pool: Zpool, parsed: Parsed) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, name in numbered(column(pool.datasets, "name")):
        if name in seen:
            place: Keys = (*way, "datasets", index, "name")
            yield parsed.problem(place, f"{way_text(place)}: {name!r} is there twice")
        seen.add(name)
    for index, dataset in numbered(pool.datasets):
        place = (*way, "datasets", index, "properties")
        yield from _properties(place, dataset, DATASET_PROPERTIES, parsed)


@as_far_as_known
def _pool_properties(way: Keys, pool: Zpool, parsed: Parsed) -> Iterator[Problem]:
    yield from _properties((*way, "properties"), pool, POOL_PROPERTIES, parsed)


@as_far_as_known
def _properties(
    way: Keys, owner: Zpool | Dataset, known: frozenset[str], parsed: Parsed
) -> Iterator[Problem]:
    for name in owner.properties:
        place: Keys = (*way, name)
        if name in OURS or name.startswith(OWN_PREFIX):
            message = f"{way_text(place)}: {name!r} is not to be said"
            yield parsed.problem(place, message, hint=OURS.get(name, "it is modpkg's own"), key=True)
        elif name not in known and (known is POOL_PROPERTIES or not USER_PROPERTY.fullmatch(name)):
            noun = "pool" if known is POOL_PROPERTIES else "dataset"
            message = f"{way_text(place)}: there is no property {name!r} of a {noun}"
            yield parsed.problem(place, message, hint=_near(name, known), key=True)


def _near(name: str, known: frozenset[str]) -> str:
    if name in POOL_PROPERTIES | DATASET_PROPERTIES:
        return "it is one of a pool" if name in POOL_PROPERTIES else "it is one of a dataset"
    return closest(name, known)
