"""Rules of a disk document: everything is used once, sizes and levels are possible. It opens no files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.formats.drafts import as_far_as_known, column, numbered
from modpkg.formats.problems import way_text
from modpkg.formats.words import closest
from modpkg.formats.zpool_checks import check_zpools
from modpkg.model.disks import LEAST_MEMBERS, REST, size_mib
from modpkg.model.document import dashed
from modpkg.model.places import is_mount_point

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from modpkg.errors import Problem
    from modpkg.formats.yaml import Keys, Parsed
    from modpkg.model.disks import Disk, Disks, FileSystem, Raid, VolumeGroup, Zpool
    from modpkg.model.document import Document

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
    """Give the problems of a disk document as far as its types are right."""
    for rule in (_purpose, _each_disk, _matches, _names, _uses, _volumes, _levels, check_zpools, _mounts):
        yield from rule(disks, parsed)


@as_far_as_known
def _purpose(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    if not disks.diskless and not disks.disks:
        message = "it says nothing of disks"
        yield parsed.problem((), message, hint="write disks, or diskless: true for nodes that touch none")
    for key in ("disks", "raid", "volume_groups", "zpools", "filesystems"):
        yield from _of_diskless(disks, key, parsed)


@as_far_as_known
def _of_diskless(disks: Disks, key: str, parsed: Parsed) -> Iterator[Problem]:
    if disks.diskless and getattr(disks, key):
        way: Keys = (dashed(key),)
        message = f"{way_text(way)}: a diskless node has none"
        yield parsed.problem(way, message, hint="remove it", key=True)


@as_far_as_known
def _each_disk(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    for name, disk in disks.disks.items():
        for rule in (_match, _limits, _partitions, _room):
            yield from rule(("disks", name), disk, parsed)


@as_far_as_known
def _match(way: Keys, disk: Disk, parsed: Parsed) -> Iterator[Problem]:
    if all(getattr(disk.match, key) is None for key in type(disk.match).model_fields):
        hint = "write serial, path, min-size, max-size or rotational"
        yield parsed.problem((*way, "match"), f"{way_text((*way, 'match'))}: any disk would do", hint=hint)


@as_far_as_known
def _limits(way: Keys, disk: Disk, parsed: Parsed) -> Iterator[Problem]:
    match = disk.match
    for key in ("min-size", "max-size"):
        if getattr(match, key.replace("-", "_")) == REST:
            place = (*way, "match", key)
            yield parsed.problem(place, f"{way_text(place)}: 'rest' is no size of a disk")
    if match.min_size and match.max_size and 0 < size_mib(match.max_size) < size_mib(match.min_size):
        place = (*way, "match", "max-size")
        yield parsed.problem(place, f"{way_text(place)}: {match.max_size} is less than {match.min_size}")


@as_far_as_known
def _partitions(way: Keys, disk: Disk, parsed: Parsed) -> Iterator[Problem]:
    yield from _twice((*way, "partitions"), column(disk.partitions, "name"), parsed)
    for index, size in numbered(column(disk.partitions, "size")):
        if size == REST and index + 1 < len(disk.partitions):
            place = (*way, "partitions", index, "size")
            message = f"{way_text(place)}: 'rest' leaves nothing for the partitions after it"
            yield parsed.problem(place, message, hint="write it for the last one")
    if len(disk.partitions) > MOST_PARTITIONS:
        yield parsed.problem((*way, "partitions"), f"{way_text(way)}: more than {MOST_PARTITIONS} partitions")


def _twice(way: Keys, names: Iterable[str], parsed: Parsed) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, name in numbered(names):
        if name in seen:
            place = (*way, index, "name")
            yield parsed.problem(place, f"{way_text(place)}: {name!r} is there twice")
        seen.add(name)


@as_far_as_known
def _room(way: Keys, disk: Disk, parsed: Parsed) -> Iterator[Problem]:
    needed = sum(size_mib(partition.size) for partition in disk.partitions) + 2
    for key in ("max_size", "min_size"):
        limit = getattr(disk.match, key)
        if limit and 0 < size_mib(limit) < needed:
            place = (*way, "partitions")
            message = f"{way_text(place)}: they need {needed} MiB, and a disk of {limit} matches"
            yield parsed.problem(place, message, hint=f"raise match.min-size of {way[-1]!r}")
            return


@as_far_as_known
def _matches(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    for key in ("serial", "path"):
        seen: dict[str, str] = {}
        for name, disk in disks.disks.items():
            text = disk.__dict__["match"].__dict__.get(key) if "match" in disk.__dict__ else None  # or a gap
            if text is None or set(text) & {"*", "?"}:
                continue
            first = seen.setdefault(text, name)
            if first != name:
                way: Keys = ("disks", name, "match", key)
                yield parsed.problem(way, f"{way_text(way)}: {text!r} is the disk {first!r} already")


@as_far_as_known
def _names(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    owners = dict.fromkeys(disks.disks, "a disk")
    for key, noun in (("raid", "an array"), ("volume-groups", "a volume group"), ("zpools", "a pool")):
        for name in getattr(disks, key.replace("-", "_")):
            if name in owners:
                message = f"{key}.{name}: {name!r} is the name of {owners[name]} too"
                yield parsed.problem((key, name), message, hint="rename one", key=True)
            owners.setdefault(name, noun)


def _uses(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    for rule in (_members_exist, _systems_exist, _used_once):
        yield from rule(disks, parsed)


@as_far_as_known
def _members_exist(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    partitions = set(_parts(disks.disks, "partitions"))
    for way, member in _members_of("raid", disks.raid):
        yield from _known(parsed, way, member, partitions)
    for way, member in _members_of("volume-groups", disks.volume_groups):
        yield from _known(parsed, way, member, {*partitions, *disks.raid})
    for way, member in _members_of_pools(disks.zpools):
        yield from _known(parsed, way, member, partitions)


@as_far_as_known
def _systems_exist(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    known = {*_parts(disks.disks, "partitions"), *disks.raid, *_parts(disks.volume_groups, "volumes")}
    for index, device in numbered(column(disks.filesystems, "device")):
        yield from _known(parsed, ("filesystems", index, "device"), device, known)


@as_far_as_known
def _used_once(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    users: dict[str, str] = {}
    for way, member in _members_of("raid", disks.raid):
        yield from _once(parsed, way, member, users, f"the array {way[1]!r}")
    for way, member in _members_of("volume-groups", disks.volume_groups):
        yield from _once(parsed, way, member, users, f"the volume group {way[1]!r}")
    for way, member in _members_of_pools(disks.zpools):
        yield from _once(parsed, way, member, users, f"the pool {way[1]!r}")
    for index, device in numbered(column(disks.filesystems, "device")):
        yield from _once(parsed, ("filesystems", index, "device"), device, users, f"filesystems[{index}]")


def _parts(table: Mapping[str, Document], key: str) -> Iterator[str]:
    # Raises where one of them has a gap for a name: nobody knows then what there is.
    for owner in table:
        names = column(getattr(table[owner], key), "name")
        yield from (f"{owner}.{names[index]}" for index in range(len(names)))


def _members_of(key: str, table: Mapping[str, Raid | VolumeGroup]) -> Iterator[tuple[Keys, str]]:
    for name, user in table.items():
        for index, member in numbered(user.__dict__.get("members", ())):
            yield (key, name, "members", index), member


def _members_of_pools(table: Mapping[str, Zpool]) -> Iterator[tuple[Keys, str]]:
    for name, pool in table.items():
        for number, vdev in numbered(pool.__dict__.get("vdevs", ())):
            for index, member in numbered(vdev.__dict__.get("members", ())):
                yield ("zpools", name, "vdevs", number, "members", index), member


def _known(parsed: Parsed, way: Keys, device: str, known: set[str]) -> Iterator[Problem]:
    if device not in known:
        kinds = KINDS[str(way[0])]
        message = f"{way_text(way)}: there is no {kinds} {device!r}"
        yield parsed.problem(way, message, hint=closest(device, known))


def _once(parsed: Parsed, way: Keys, device: str, users: dict[str, str], user: str) -> Iterator[Problem]:
    first = users.setdefault(device, user)
    if first != user:
        yield parsed.problem(way, f"{way_text(way)}: {device!r} belongs to {first} already")


@as_far_as_known
def _volumes(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    for name, group in disks.volume_groups.items():
        for rule in (_members, _volumes_of):
            yield from rule(name, group, parsed)


@as_far_as_known
def _members(name: str, group: VolumeGroup, parsed: Parsed) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, member in numbered(group.members):
        if member in seen:
            place: Keys = ("volume-groups", name, "members", index)
            yield parsed.problem(place, f"{way_text(place)}: {member!r} is there twice")
        seen.add(member)


@as_far_as_known
def _volumes_of(name: str, group: VolumeGroup, parsed: Parsed) -> Iterator[Problem]:
    way: Keys = ("volume-groups", name, "volumes")
    names = column(group.volumes, "name")
    yield from _twice(way, names, parsed)
    for index, volume in numbered(names):
        if volume.startswith(LVM_NAMES):
            place = (*way, index, "name")
            message = f"{way_text(place)}: LVM keeps such names to itself"
            yield parsed.problem(place, message, hint="rename it")
    for index, size in numbered(column(group.volumes, "size")):
        if size == REST and index + 1 < len(group.volumes):
            place = (*way, index, "size")
            message = f"{way_text(place)}: 'rest' leaves nothing for the volumes after it"
            yield parsed.problem(place, message, hint="write it for the last one")


@as_far_as_known
def _levels(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    for name, raid in disks.raid.items():
        yield from _level(("raid", name, "members"), raid, parsed)


@as_far_as_known
def _level(way: Keys, raid: Raid, parsed: Parsed) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    seen: set[str] = set()
    for index, member in numbered(raid.members):
        disk = member.partition(".")[0]
        first = owners.setdefault(disk, member)
        if first != member or member in seen:
            place: Keys = (*way, index)
            message = f"{way_text(place)}: the disk {disk!r} is in this array twice"
            yield parsed.problem(place, message, hint="its failure would be that of two members")
        seen.add(member)
    least = LEAST_MEMBERS[raid.level]
    if len(raid.members) < least:
        message = f"{way_text(way)}: RAID {raid.level} has at least {least} members, not {len(raid.members)}"
        yield parsed.problem(way, message)


@as_far_as_known
def _mounts(disks: Disks, parsed: Parsed) -> Iterator[Problem]:
    for index, system in numbered(disks.filesystems):
        yield from _mount(("filesystems", index), system, parsed)
    seen: dict[str, Keys] = {}
    for way, mount in _all_mounts(disks):
        place = (*way, "mount")
        if not is_mount_point(mount):
            message = f"{way_text(place)}: {mount} comes from the image or the kernel"
            yield parsed.problem(place, message, hint="mount a directory such as /var or /scratch")
        first = seen.setdefault(mount, way)
        if first != way:
            message = f"{way_text(place)}: {mount} is mounted twice"
            yield parsed.problem(place, message, hint=f"it is {way_text(first)} already")


def _all_mounts(disks: Disks) -> Iterator[tuple[Keys, str]]:
    for name, pool in disks.zpools.items():
        for index, mount in numbered(column(pool.__dict__.get("datasets", ()), "mount")):
            yield ("zpools", name, "datasets", index), mount
    for index, mount in numbered(column(disks.filesystems, "mount")):
        if mount is not None:
            yield ("filesystems", index), mount


@as_far_as_known
def _mount(way: Keys, system: FileSystem, parsed: Parsed) -> Iterator[Problem]:
    if system.format == "swap" and system.mount:
        yield parsed.problem((*way, "mount"), f"{way_text((*way, 'mount'))}: swap is mounted nowhere")
    if system.format != "swap" and not system.mount:
        yield parsed.problem(way, f"{way_text(way)}: a file system needs a mount")
