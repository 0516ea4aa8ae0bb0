"""A disk document as the plan of one node: the identity of all that is on its disks. Pure.

Identities are UUIDs of version 5 over cluster, node, document and role; those of partitions, arrays, volumes, pools
and file systems take in what they are made of. So a disk of another node, of another document or of another
layout never looks like one that may be used.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

from modpkg.model.disks import size_mib

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modpkg.model.disks import Disk, Disks, Match

NAMESPACE: Final = UUID("0a3c7b52-5d0e-5f43-9d7e-3f1f6f2f8a11")
# Types of partitions, from the UAPI group's Discoverable Partitions Specification and, for LVM and ZFS, the list of GPT
# types that fdisk(8) shows.
TYPES: Final = {
    "raid": "a19d880f-05fc-4d3b-a006-743f0f84911e",
    "lvm": "e6d6d379-f507-44c2-a23c-238f2a3df928",
    "zfs": "6a898cc3-1dd2-11b2-99a6-080020736631",
    "swap": "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f",
    "data": "0fc63daf-8483-4772-8e79-3d69d8477de4",
}
# How LVM writes a UUID: groups of so many characters.
LVM_GROUPS: Final = (6, 4, 4, 4, 4, 4, 6)
MD_GROUPS: Final = (8, 8, 8, 8)
TAG: Final = "modpkg-"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPartition:
    """A partition with its place on the disk, its identity, and its size in MiB (0: what is left)."""

    device: str
    number: int
    uuid: str
    type: str
    size_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDisk:
    """A disk with its identity; `unfinished` is that of one whose partitions are being made."""

    name: str
    guid: str
    unfinished: str
    match: Match
    partitions: tuple[PlannedPartition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedArray:
    """An array with its identity."""

    name: str
    uuid: str
    level: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedVolume:
    """A volume of a group, with the tag that it carries and its size in MiB (0: what is left)."""

    name: str
    tag: str
    size_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedGroup:
    """A volume group with the tag that it carries; `members` are pairs of a device and its UUID as LVM's."""

    name: str
    tag: str
    members: tuple[tuple[str, str], ...]
    volumes: tuple[PlannedVolume, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDataset:
    """A dataset of a pool with its properties, each `name=value`."""

    name: str
    properties: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPool:
    """A pool with its identity, which is 32 hexadecimal digits: as much as a pool's comment holds.

    `vdevs` are pairs of a type and members, each of them a pair of a device and its partition's UUID.
    """

    name: str
    uuid: str
    properties: tuple[str, ...]
    vdevs: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    datasets: tuple[PlannedDataset, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFileSystem:
    """A file system or swap space with its identity; swap has no mount, a dataset no identity but its pool's."""

    device: str
    uuid: str
    format: str
    mount: str
    options: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskPlan:
    """What one node's disks should be, in the order in which it is made."""

    node: str
    config: str
    diskless: bool
    foreign: str
    disks: tuple[PlannedDisk, ...]
    arrays: tuple[PlannedArray, ...]
    groups: tuple[PlannedGroup, ...]
    pools: tuple[PlannedPool, ...]
    filesystems: tuple[PlannedFileSystem, ...]


@dataclass(frozen=True, slots=True)
class _Identities:
    words: tuple[str, ...]

    def of(self, *words: Any) -> str:
        return str(uuid5(NAMESPACE, json.dumps([*self.words, *words], sort_keys=True)))


def plan_disks(disks: Disks, *, cluster: str, node: str) -> DiskPlan:
    """Give the plan of a node: equal words give equal identities, for ever."""
    ids = _Identities((cluster, node, disks.name))
    users = {member: "raid" for raid in disks.raid.values() for member in raid.members}
    users |= {member: "lvm" for group in disks.volume_groups.values() for member in group.members}
    users |= {member: "zfs" for pool in disks.zpools.values() for member in pool.members}
    users |= {system.device: "swap" for system in disks.filesystems if system.format == "swap"}
    planned = tuple(_disk(name, disk, users, ids) for name, disk in disks.disks.items())
    return DiskPlan(
        node=node,
        config=disks.name,
        diskless=disks.diskless,
        foreign=disks.foreign,
        disks=planned,
        arrays=tuple(
            PlannedArray(
                name=name,
                uuid=_grouped(ids.of("array", name, raid.level, raid.members), MD_GROUPS, ":"),
                level=raid.level,
                members=raid.members,
            )
            for name, raid in disks.raid.items()
        ),
        groups=_groups(disks, ids),
        pools=_pools(disks, ids, {part.device: part.uuid for disk in planned for part in disk.partitions}),
        filesystems=_filesystems(disks, ids),
    )


def _disk(name: str, disk: Disk, users: dict[str, str], ids: _Identities) -> PlannedDisk:
    layout = [
        (device, users.get(device, "data"), size_mib(partition.size))
        for partition in disk.partitions
        for device in [f"{name}.{partition.name}"]
    ]
    return PlannedDisk(
        name=name,
        guid=ids.of("disk", name),
        unfinished=ids.of("unfinished disk", name),
        match=disk.match,
        partitions=tuple(
            PlannedPartition(
                device=device,
                number=number,
                uuid=ids.of("partition", layout, number),
                type=TYPES[kind],
                size_mib=size,
            )
            for number, (device, kind, size) in enumerate(layout, start=1)
        ),
    )


def _groups(disks: Disks, ids: _Identities) -> tuple[PlannedGroup, ...]:
    return tuple(
        PlannedGroup(
            name=name,
            tag=TAG + ids.of("group", name, group.members),
            members=tuple(
                (member, _grouped(ids.of("physical volume", name, group.members, member), LVM_GROUPS, "-"))
                for member in group.members
            ),
            volumes=tuple(
                PlannedVolume(
                    name=volume.name,
                    tag=TAG + ids.of("volume", name, volume.name, volume.size),
                    size_mib=size_mib(volume.size),
                )
                for volume in group.volumes
            ),
        )
        for name, group in disks.volume_groups.items()
    )


def _pools(disks: Disks, ids: _Identities, partitions: Mapping[str, str]) -> tuple[PlannedPool, ...]:
    return tuple(
        PlannedPool(
            name=name,
            uuid=ids.of("pool", name, [[vdev.type, vdev.members] for vdev in pool.vdevs]).replace("-", ""),
            properties=_properties(pool.properties),
            vdevs=tuple(
                (vdev.type, tuple((member, partitions[member]) for member in vdev.members))
                for vdev in pool.vdevs
            ),
            datasets=tuple(
                PlannedDataset(name=one.name, properties=_properties(one.properties)) for one in pool.datasets
            ),
        )
        for name, pool in disks.zpools.items()
    )


def _properties(properties: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}={value}" for name, value in sorted(properties.items()))


def _filesystems(disks: Disks, ids: _Identities) -> tuple[PlannedFileSystem, ...]:
    systems = [
        PlannedFileSystem(
            device=system.device,
            uuid=ids.of("file system", system.device, system.format),
            format=system.format,
            mount=system.mount or "",
            options=system.options or "",
        )
        for system in disks.filesystems
    ]
    systems += [
        PlannedFileSystem(device=f"{pool}.{one.name}", uuid="", format="zfs", mount=one.mount, options="")
        for pool, wanted in disks.zpools.items()
        for one in wanted.datasets
    ]
    # The outer mount first: /var before /var/lib.
    return tuple(sorted(systems, key=lambda one: (one.mount, one.device)))


def _grouped(uuid: str, lengths: tuple[int, ...], separator: str) -> str:
    digits, words = uuid.replace("-", ""), []
    for length in lengths:
        words.append(digits[:length])
        digits = digits[length:]
    return separator.join(words)
