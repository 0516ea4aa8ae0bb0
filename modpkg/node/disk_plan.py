"""A disk document as the plan of one node: identities, and the shell that the initrd runs. Pure.

Identities are UUIDs of version 5 over cluster, node, document and role; those of partitions, arrays and file
systems take in what they are made of. So a disk of another node, of another document or of another layout never
looks like one that may be used.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

from modpkg.model.disks import size_mib

if TYPE_CHECKING:
    from modpkg.model.disks import Disk, Disks, Match

NAMESPACE: Final = UUID("0a3c7b52-5d0e-5f43-9d7e-3f1f6f2f8a11")
# Types of partitions, from the UAPI group's Discoverable Partitions Specification.
TYPES: Final = {
    "raid": "a19d880f-05fc-4d3b-a006-743f0f84911e",
    "swap": "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f",
    "data": "0fc63daf-8483-4772-8e79-3d69d8477de4",
}


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
class PlannedFileSystem:
    """A file system or swap space with its identity; swap has no mount."""

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
    foreign: str
    disks: tuple[PlannedDisk, ...]
    arrays: tuple[PlannedArray, ...]
    filesystems: tuple[PlannedFileSystem, ...]


def plan_disks(disks: Disks, *, cluster: str, node: str) -> DiskPlan:
    """Give the plan of a node: equal words give equal identities, for ever."""

    def identity(*words: Any) -> str:
        return str(uuid5(NAMESPACE, json.dumps([cluster, node, disks.name, *words], sort_keys=True)))

    users = {member: "raid" for raid in disks.raid.values() for member in raid.members}
    users |= {system.device: "swap" for system in disks.filesystems if system.format == "swap"}
    planned = []
    for name, disk in disks.disks.items():
        layout = _layout(name, disk, users)
        planned.append(
            PlannedDisk(
                name=name,
                guid=identity("disk", name),
                unfinished=identity("unfinished disk", name),
                match=disk.match,
                partitions=tuple(
                    PlannedPartition(
                        device=device,
                        number=number,
                        uuid=identity("partition", layout, number),
                        type=TYPES[kind],
                        size_mib=size,
                    )
                    for number, (device, kind, size) in enumerate(layout, start=1)
                ),
            )
        )
    return DiskPlan(
        node=node,
        config=disks.name,
        foreign=disks.foreign,
        disks=tuple(planned),
        arrays=tuple(
            PlannedArray(
                name=name,
                uuid=_md_uuid(identity("array", name, raid.level, raid.members)),
                level=raid.level,
                members=raid.members,
            )
            for name, raid in disks.raid.items()
        ),
        # The outer mount first: /var before /var/lib.
        filesystems=tuple(
            PlannedFileSystem(
                device=system.device,
                uuid=identity("file system", system.device, system.format),
                format=system.format,
                mount=system.mount or "",
                options=system.options or "",
            )
            for system in sorted(disks.filesystems, key=lambda one: (one.mount or "", one.device))
        ),
    )


def _md_uuid(uuid: str) -> str:
    # mdadm writes four groups of eight digits.
    digits = uuid.replace("-", "")
    return ":".join(digits[start : start + 8] for start in range(0, 32, 8))


def _layout(name: str, disk: Disk, users: dict[str, str]) -> list[tuple[str, str, int]]:
    devices = [f"{name}.{partition.name}" for partition in disk.partitions]
    return [
        (device, users.get(device, "data"), size_mib(partition.size))
        for device, partition in zip(devices, disk.partitions, strict=True)
    ]


def shell_text(plan: DiskPlan) -> str:
    """Give a plan as calls of the initrd's functions: lib/modpkg/disks.sh has them."""
    lines = [
        "#!/bin/busybox sh",
        f"# The disks of {plan.node} by the document {plan.config}. Made by: modpkg head",
        f"foreign_policy {plan.foreign}",
    ]
    for disk in plan.disks:
        lines.append(f"want_disk {disk.name} {disk.guid} {disk.unfinished} {_match_words(disk.match)}")
        lines += [
            f"want_partition {disk.name} {part.number} {part.device} {part.uuid} {part.type} {part.size_mib}"
            for part in disk.partitions
        ]
    lines.append("take_disks")
    lines += [f"want_array {one.name} {one.level} {one.uuid} {' '.join(one.members)}" for one in plan.arrays]
    lines += [
        f"want_filesystem {one.device} {one.format} {one.uuid} '{_quotable(one.mount)}' '{_quotable(one.options)}'"
        for one in plan.filesystems
    ]
    return "\n".join([*lines, "finish_disks", ""])


def _match_words(match: Match) -> str:
    rotational = {None: "-", True: "1", False: "0"}[match.rotational]
    low, high = (size_mib(text) if text else 0 for text in (match.min_size, match.max_size))
    return f"'{match.serial or '*'}' '{match.path or '*'}' {low} {high} {rotational}"


def _quotable(text: str) -> str:
    return text.replace("'", "'\\''")
