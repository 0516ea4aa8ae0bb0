"""What commands about disks answer: small frozen values. Nothing is worked out here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modpkg.node.disk_plan import DiskPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDiskResult:
    """One disk: how it is found, its identity, its partitions with sizes in MiB (`rest`: what is left)."""

    disk: str
    match: dict[str, Any]
    guid: str
    partitions: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayResult:
    """One array."""

    array: str
    level: int
    members: tuple[str, ...]
    uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResult:
    """One volume group; `volumes` have sizes in MiB (`rest`: what is left)."""

    group: str
    members: tuple[str, ...]
    volumes: dict[str, str]
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolResult:
    """One pool; `vdevs` are types with their members, `datasets` names with their properties."""

    pool: str
    vdevs: tuple[str, ...]
    properties: str
    datasets: dict[str, str]
    uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystemResult:
    """One file system, dataset or swap space; a dataset has no identity but its pool's."""

    device: str
    format: str
    mount: str
    options: str
    uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskPlanResult:
    """What a node would do with its disks; `foreign` is what it does about one that is not its own."""

    node: str
    config: str
    diskless: bool
    foreign: str
    disks: tuple[PlannedDiskResult, ...]
    arrays: tuple[ArrayResult, ...]
    groups: tuple[GroupResult, ...]
    pools: tuple[PoolResult, ...]
    filesystems: tuple[FileSystemResult, ...]


def disk_plan_result(plan: DiskPlan) -> DiskPlanResult:
    """Tell what a node's disks should be."""
    return DiskPlanResult(
        node=plan.node,
        config=plan.config,
        diskless=plan.diskless,
        foreign=plan.foreign,
        disks=tuple(
            PlannedDiskResult(
                disk=disk.name,
                match=disk.match.model_dump(by_alias=True, exclude_none=True),
                guid=disk.guid,
                partitions={part.device: _size(part.size_mib) for part in disk.partitions},
            )
            for disk in plan.disks
        ),
        arrays=tuple(
            ArrayResult(array=one.name, level=one.level, members=one.members, uuid=one.uuid)
            for one in plan.arrays
        ),
        groups=tuple(
            GroupResult(
                group=one.name,
                members=tuple(member for member, _ in one.members),
                volumes={volume.name: _size(volume.size_mib) for volume in one.volumes},
                tag=one.tag,
            )
            for one in plan.groups
        ),
        pools=tuple(
            PoolResult(
                pool=one.name,
                vdevs=tuple(
                    " ".join([kind, *(member for member, _ in members)]) for kind, members in one.vdevs
                ),
                properties=" ".join(one.properties),
                datasets={dataset.name: " ".join(dataset.properties) for dataset in one.datasets},
                uuid=one.uuid,
            )
            for one in plan.pools
        ),
        filesystems=tuple(
            FileSystemResult(
                device=one.device, format=one.format, mount=one.mount, options=one.options, uuid=one.uuid
            )
            for one in plan.filesystems
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantResult:
    """A grant to wipe: which disks of which node, and whether it is given, taken back, or would be."""

    node: str
    disks: tuple[str, ...]
    state: str
    generation: str


def _size(mib: int) -> str:
    return f"{mib} MiB" if mib else "rest"
