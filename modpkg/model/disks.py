"""The disk document: partitions, RAID, volumes, pools and file systems of a node's own disks."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from modpkg.model.document import AbsolutePath, Document, Name, Word

SIZE_PATTERN: Final = r"^([1-9][0-9]{0,8}(MiB|GiB|TiB)|rest)$"
MEMBER_PATTERN: Final = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*(\.[a-z][a-z0-9]*(-[a-z0-9]+)*)?$"
# A shell pattern without what a shell would do beyond matching.
PATTERN_PATTERN: Final = r"^[A-Za-z0-9_.:/+=*?@-]+$"
# zfsprops(7) and zpoolprops(7); a word of its value is for zpool and zfs to judge.
PROPERTY_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_./:=+,%@-]*$"
REST: Final = "rest"
UNITS: Final = {"MiB": 1, "GiB": 1 << 10, "TiB": 1 << 20}
LEAST_MEMBERS: Final = {0: 2, 1: 2, 5: 3, 6: 4, 10: 2}
# How many members a vdev of a type needs, from zpoolconcepts(7): parity and one more.
LEAST_OF_VDEV: Final = {"stripe": 1, "mirror": 2, "raidz1": 2, "raidz2": 3, "raidz3": 4}
Format = Literal["ext4", "xfs", "swap"]
Size = Annotated[str, StringConstraints(pattern=SIZE_PATTERN)]
Member = Annotated[str, StringConstraints(pattern=MEMBER_PATTERN)]
Property = Annotated[str, StringConstraints(pattern=PROPERTY_PATTERN)]
Pattern = Annotated[str, StringConstraints(pattern=PATTERN_PATTERN)]


def size_mib(text: str) -> int:
    """Give a size in MiB; 0 is what `rest` means."""
    match = re.fullmatch(r"(\d+)(\w+)", text)
    return int(match[1]) * UNITS[match[2]] if match else 0


class Match(Document):
    """Which disk of a node is meant: all that is said has to hold. `serial` and `path` are shell patterns.

    `path` is `/dev/NAME` or the disk's place below `/sys/devices`, which depends on no order.
    """

    serial: Pattern | None = None
    path: Pattern | None = None
    min_size: Size | None = None
    max_size: Size | None = None
    rotational: bool | None = None


class Partition(Document):
    """A partition; `rest` takes what the others leave."""

    name: Name
    size: Size


class Disk(Document):
    """One disk: how it is found, and what is on it."""

    match: Match
    partitions: tuple[Partition, ...] = Field(min_length=1)


class Raid(Document):
    """An array of partitions, each written `disk.partition`."""

    level: Literal[0, 1, 5, 6, 10]
    members: tuple[Member, ...] = Field(min_length=1)


class Volume(Document):
    """A volume of a group; `rest` takes what the others leave."""

    name: Name
    size: Size


class VolumeGroup(Document):
    """A volume group of LVM: partitions and arrays that are joined, and the volumes that are cut out of them."""

    members: tuple[Member, ...] = Field(min_length=1)
    volumes: tuple[Volume, ...] = Field(min_length=1)


class Vdev(Document):
    """A part of a pool: partitions that share what they hold, or a stripe of single ones."""

    type: Literal["stripe", "mirror", "raidz1", "raidz2", "raidz3"]
    members: tuple[Member, ...] = Field(min_length=1)


class Dataset(Document):
    """A file system of a pool; `properties` are those of zfsprops(7)."""

    name: Name
    mount: AbsolutePath
    properties: dict[str, Property] = Field(default_factory=dict)


class Zpool(Document):
    """A pool of ZFS: vdevs, between which its data are spread, and datasets; `properties` are of zpoolprops(7)."""

    vdevs: tuple[Vdev, ...] = Field(min_length=1)
    properties: dict[str, Property] = Field(default_factory=dict)
    datasets: tuple[Dataset, ...] = Field(min_length=1)

    @property
    def members(self) -> tuple[str, ...]:
        """All partitions of the pool, vdev after vdev."""
        return tuple(member for vdev in self.vdevs for member in vdev.members)


class FileSystem(Document):
    """A file system or swap space on a partition (`disk.partition`), an array (its name) or `group.volume`."""

    device: Member
    format: Format
    mount: AbsolutePath | None = None
    options: Word | None = None


class Disks(Document):
    """`recipes/disks/<name>.yaml`. `foreign` says what a node does when a disk is not its own to use.

    `stop`: it waits and tries again; `go-on`: it comes up without what lies on that disk. `diskless`: the node has
    disks perhaps, but touches none; nothing else is said then.
    """

    name: Name
    summary: str = ""
    diskless: bool = False
    foreign: Literal["stop", "go-on"] = "stop"
    disks: dict[Name, Disk] = Field(default_factory=dict)
    raid: dict[Name, Raid] = Field(default_factory=dict)
    volume_groups: dict[Name, VolumeGroup] = Field(default_factory=dict)
    zpools: dict[Name, Zpool] = Field(default_factory=dict)
    filesystems: tuple[FileSystem, ...] = ()
