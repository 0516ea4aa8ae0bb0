"""Rules of the pools of a disk document: vdevs that can be, names and properties that ZFS has. It opens no files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from modpkg.formats.problems import way_text
from modpkg.formats.words import closest
from modpkg.model.disks import LEAST_OF_VDEV

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from modpkg.errors import Problem
    from modpkg.formats.yaml import Keys, Parsed
    from modpkg.model.disks import Disks, Vdev, Zpool

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


def check_zpools(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    """Give the problems of a document's pools but those of names, mounts and members used twice."""
    for name, pool in disks.zpools.items():
        way: Keys = ("zpools", name)
        if RESERVED_NAMES.fullmatch(name):
            message = f"{way_text(way)}: ZFS keeps such names to itself"
            yield parsed.problem(way, message, hint="rename it, such as tank", key=True)
        yield from _vdevs(way, pool, parsed)
        yield from _properties((*way, "properties"), pool.properties, POOL_PROPERTIES, parsed)
        yield from _datasets(way, pool, parsed)


def _vdevs(way: Keys, pool: Zpool, parsed: Parsed) -> Iterator[Problem]:
    first = pool.vdevs[0].type
    for index, vdev in enumerate(pool.vdevs):
        place: Keys = (*way, "vdevs", index)
        if vdev.type != first:
            message = (
                f"{way_text((*place, 'type'))}: {vdev.type!r} beside {first!r}: what one loses, all lose"
            )
            yield parsed.problem((*place, "type"), message, hint="write one type for all vdevs of a pool")
        least = LEAST_OF_VDEV[vdev.type]
        if len(vdev.members) < least:
            count = len(vdev.members)
            message = (
                f"{way_text((*place, 'members'))}: {vdev.type} has at least {least} members, not {count}"
            )
            yield parsed.problem((*place, "members"), message)
        yield from _one_disk_twice(place, vdev, parsed)


def _one_disk_twice(way: Keys, vdev: Vdev, parsed: Parsed) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, member in enumerate(vdev.members):
        disk = member.partition(".")[0]
        if disk in seen:
            place: Keys = (*way, "members", index)
            message = f"{way_text(place)}: the disk {disk!r} is in this vdev twice"
            yield parsed.problem(place, message, hint="its failure would be that of two members")
        seen.add(disk)


def _datasets(way: Keys, pool: Zpool, parsed: Parsed) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, dataset in enumerate(pool.datasets):
        place: Keys = (*way, "datasets", index)
        if dataset.name in seen:
            message = f"{way_text((*place, 'name'))}: {dataset.name!r} is there twice"
            yield parsed.problem((*place, "name"), message)
        seen.add(dataset.name)
        yield from _properties((*place, "properties"), dataset.properties, DATASET_PROPERTIES, parsed)


def _properties(
    way: Keys, properties: Mapping[str, str], known: frozenset[str], parsed: Parsed
) -> Iterator[Problem]:
    for name in properties:
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
