"""Rules of a disk document: everything is used once, sizes and levels are possible. It opens no files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.formats.problems import way_text
from modpkg.formats.words import closest
from modpkg.formats.zpool_checks import check_zpools
from modpkg.model.disks import LEAST_MEMBERS, REST, size_mib
from modpkg.model.document import dashed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modpkg.errors import Problem
    from modpkg.formats.yaml import Keys, Parsed
    from modpkg.model.disks import Disk, Disks, FileSystem

RESERVED = ("/", "/dev", "/proc", "/sys", "/run", "/usr", "/etc")
MOST_PARTITIONS = 128
# What may stand at a place, by the part of the document.
KINDS = {
    "raid": "partition",
    "zpools": "partition",
    "volume-groups": "partition and no array",
    "filesystems": "partition, array or volume",
}
# From lvm(8): names that begin so are those of its own volumes.
LVM_NAMES = ("snapshot", "pvmove")


def check_disks(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    """Give the problems of a disk document whose types are right."""
    yield from _purpose(disks, parsed)
    for name, disk in disks.disks.items():
        yield from _disk(("disks", name), disk, parsed)
    yield from _matches(disks, parsed)
    yield from _names(disks, parsed)
    yield from _uses(disks, parsed)
    yield from _volumes(disks, parsed)
    yield from _levels(disks, parsed)
    yield from check_zpools(disks, parsed)
    yield from _mounts(disks, parsed)


def _purpose(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    if not disks.diskless and not disks.disks:
        message = "it says nothing of disks"
        yield parsed.problem((), message, hint="write disks, or diskless: true for nodes that touch none")
    for key in ("disks", "raid", "volume_groups", "zpools", "filesystems"):
        if disks.diskless and getattr(disks, key):
            way: Keys = (dashed(key),)
            yield parsed.problem(
                way, f"{way_text(way)}: a diskless node has none", hint="remove it", key=True
            )


def _disk(way: Keys, disk: Disk, parsed: Parsed) -> Iterator[Problem]:
    match = disk.match
    if match.model_dump(exclude_none=True) == {}:
        hint = "write serial, path, min-size, max-size or rotational"
        yield parsed.problem((*way, "match"), f"{way_text((*way, 'match'))}: any disk would do", hint=hint)
    for key in ("min-size", "max-size"):
        if getattr(match, key.replace("-", "_")) == REST:
            place = (*way, "match", key)
            yield parsed.problem(place, f"{way_text(place)}: 'rest' is no size of a disk")
    if match.min_size and match.max_size and 0 < size_mib(match.max_size) < size_mib(match.min_size):
        place = (*way, "match", "max-size")
        yield parsed.problem(place, f"{way_text(place)}: {match.max_size} is less than {match.min_size}")
    seen: set[str] = set()
    for index, partition in enumerate(disk.partitions):
        place = (*way, "partitions", index)
        if partition.name in seen:
            message = f"{way_text((*place, 'name'))}: {partition.name!r} is there twice"
            yield parsed.problem((*place, "name"), message)
        seen.add(partition.name)
        if partition.size == REST and index + 1 < len(disk.partitions):
            message = f"{way_text((*place, 'size'))}: 'rest' leaves nothing for the partitions after it"
            yield parsed.problem((*place, "size"), message, hint="write it for the last one")
    if len(disk.partitions) > MOST_PARTITIONS:
        yield parsed.problem((*way, "partitions"), f"{way_text(way)}: more than {MOST_PARTITIONS} partitions")
    yield from _room(way, disk, parsed)


def _room(way: Keys, disk: Disk, parsed: Parsed) -> Iterator[Problem]:
    needed = sum(size_mib(partition.size) for partition in disk.partitions) + 2
    for key in ("max_size", "min_size"):
        limit = getattr(disk.match, key)
        if limit and 0 < size_mib(limit) < needed:
            place = (*way, "partitions")
            message = f"{way_text(place)}: they need {needed} MiB, and a disk of {limit} matches"
            yield parsed.problem(place, message, hint=f"raise match.min-size of {way[-1]!r}")
            return


def _matches(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, disk in disks.disks.items():
        for key in ("serial", "path"):
            text = getattr(disk.match, key)
            if text is None or set(text) & {"*", "?"}:
                continue
            first = seen.setdefault(f"{key}={text}", name)
            if first != name:
                way: Keys = ("disks", name, "match", key)
                yield parsed.problem(way, f"{way_text(way)}: {text!r} is the disk {first!r} already")


def _names(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    owners = dict.fromkeys(disks.disks, "a disk")
    for key, noun in (("raid", "an array"), ("volume-groups", "a volume group"), ("zpools", "a pool")):
        for name in getattr(disks, key.replace("-", "_")):
            if name in owners:
                message = f"{key}.{name}: {name!r} is the name of {owners[name]} too"
                yield parsed.problem((key, name), message, hint="rename one", key=True)
            owners.setdefault(name, noun)


def _uses(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    partitions = {f"{n}.{part.name}" for n, disk in disks.disks.items() for part in disk.partitions}
    volumes = {f"{n}.{volume.name}" for n, group in disks.volume_groups.items() for volume in group.volumes}
    users: dict[str, str] = {}
    for key, table, known, noun in (
        ("raid", disks.raid, partitions, "the array"),
        ("volume-groups", disks.volume_groups, {*partitions, *disks.raid}, "the volume group"),
    ):
        for name, user in table.items():
            for index, member in enumerate(user.members):
                way: Keys = (key, name, "members", index)
                yield from _known(parsed, way, member, known)
                yield from _once(parsed, way, member, users, f"{noun} {name!r}")
    for name, pool in disks.zpools.items():
        for number, vdev in enumerate(pool.vdevs):
            for index, member in enumerate(vdev.members):
                way = ("zpools", name, "vdevs", number, "members", index)
                yield from _known(parsed, way, member, partitions)
                yield from _once(parsed, way, member, users, f"the pool {name!r}")
    for index, system in enumerate(disks.filesystems):
        way = ("filesystems", index, "device")
        yield from _known(parsed, way, system.device, {*partitions, *disks.raid, *volumes})
        yield from _once(parsed, way, system.device, users, f"{way_text(way[:2])}")


def _known(parsed: Parsed, way: Keys, device: str, known: set[str]) -> Iterator[Problem]:
    if device not in known:
        kinds = KINDS[str(way[0])]
        message = f"{way_text(way)}: there is no {kinds} {device!r}"
        yield parsed.problem(way, message, hint=closest(device, known))


def _once(parsed: Parsed, way: Keys, device: str, users: dict[str, str], user: str) -> Iterator[Problem]:
    first = users.setdefault(device, user)
    if first != user:
        yield parsed.problem(way, f"{way_text(way)}: {device!r} belongs to {first} already")


def _volumes(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    for name, group in disks.volume_groups.items():
        for index, member in enumerate(group.members):
            if member in group.members[:index]:
                place: Keys = ("volume-groups", name, "members", index)
                yield parsed.problem(place, f"{way_text(place)}: {member!r} is there twice")
        seen: set[str] = set()
        for index, volume in enumerate(group.volumes):
            way: Keys = ("volume-groups", name, "volumes", index)
            if volume.name in seen:
                message = f"{way_text((*way, 'name'))}: {volume.name!r} is there twice"
                yield parsed.problem((*way, "name"), message)
            seen.add(volume.name)
            if volume.name.startswith(LVM_NAMES):
                message = f"{way_text((*way, 'name'))}: LVM keeps such names to itself"
                yield parsed.problem((*way, "name"), message, hint="rename it")
            if volume.size == REST and index + 1 < len(group.volumes):
                message = f"{way_text((*way, 'size'))}: 'rest' leaves nothing for the volumes after it"
                yield parsed.problem((*way, "size"), message, hint="write it for the last one")


def _levels(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    for name, raid in disks.raid.items():
        way: Keys = ("raid", name, "members")
        owners: dict[str, str] = {}
        for index, member in enumerate(raid.members):
            disk = member.partition(".")[0]
            first = owners.setdefault(disk, member)
            if (index and first != member) or member in raid.members[:index]:
                place: Keys = (*way, index)
                message = f"{way_text(place)}: the disk {disk!r} is in this array twice"
                yield parsed.problem(place, message, hint="its failure would be that of two members")
        least = LEAST_MEMBERS[raid.level]
        if len(raid.members) < least:
            message = (
                f"{way_text(way)}: RAID {raid.level} has at least {least} members, not {len(raid.members)}"
            )
            yield parsed.problem(way, message)


def _mounts(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    for index, system in enumerate(disks.filesystems):
        yield from _mount(("filesystems", index), system, parsed)
    seen: dict[str, Keys] = {}
    for way, mount in _all_mounts(disks):
        place = (*way, "mount")
        if mount in RESERVED:
            message = f"{way_text(place)}: {mount} comes from the image or the kernel"
            yield parsed.problem(place, message, hint="mount a directory such as /var or /scratch")
        first = seen.setdefault(mount, way)
        if first != way:
            message = f"{way_text(place)}: {mount} is mounted twice"
            yield parsed.problem(place, message, hint=f"it is {way_text(first)} already")


def _all_mounts(disks: Disks) -> Iterator[tuple[Keys, str]]:
    for name, pool in disks.zpools.items():
        for index, dataset in enumerate(pool.datasets):
            yield ("zpools", name, "datasets", index), dataset.mount
    for index, system in enumerate(disks.filesystems):
        if system.mount is not None:
            yield ("filesystems", index), system.mount


def _mount(way: Keys, system: FileSystem, parsed: Parsed) -> Iterator[Problem]:
    if system.format == "swap" and system.mount:
        yield parsed.problem((*way, "mount"), f"{way_text((*way, 'mount'))}: swap is mounted nowhere")
    if system.format != "swap" and not system.mount:
        yield parsed.problem(way, f"{way_text(way)}: a file system needs a mount")
