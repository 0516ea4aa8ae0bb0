"""A disk plan as shell: calls of functions that the initrd has in lib/modpkg/disks.sh and the files beside it. Pure.

The kernel's arguments name the script and its digest: what the head did not mean is not run.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.model.disks import size_mib
from modpkg.node.disk_plan import plan_disks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modpkg.model.disks import Match
    from modpkg.model.grant import Grant
    from modpkg.model.inventory import Node, Nodes
    from modpkg.node.disk_plan import DiskPlan, PlannedFileSystem, PlannedPool

# Levels of one kernel module.
PARITY: Final = (4, 5, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskScript:
    """What a node with disks of its own is given: a file of the head, and words for its kernel's command line."""

    path: str
    text: str
    arguments: tuple[str, ...]


def disk_script(node: Node, nodes: Nodes, grant: Grant | None = None) -> DiskScript | None:
    """Give the script of a node, with the grant that it has; None for a node that is to touch no disk."""
    cluster, name = nodes.cluster, node.settings.disks
    if not name or nodes.disks[name].diskless:
        return None
    plan = plan_disks(nodes.disks[name], cluster=cluster.name, node=node.name)
    text = shell_text(plan, grant=grant, url=cluster.url)
    path = f"disks/{node.name}.sh"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return DiskScript(
        path=path,
        text=text,
        arguments=(f"modpkg.disks={cluster.url}/{path}", f"modpkg.disks-sha256={digest}"),
    )


def shell_text(plan: DiskPlan, *, grant: Grant | None = None, url: str = "") -> str:
    """Give a plan as shell. With a grant the node asks the head at `url` for its one use."""
    return "\n".join([*_lines(plan, grant, url), ""])


def _lines(plan: DiskPlan, grant: Grant | None, url: str) -> Iterator[str]:
    yield "#!/bin/busybox sh"
    yield f"# The disks of {plan.node} by the document {plan.config}. Made by: modpkg head"
    yield f"foreign_policy {plan.foreign}"
    modules = _modules(plan)
    if modules:
        yield f"kernel_modules {' '.join(modules)}"
    if grant:
        yield f"grant_wipe {url}/grant/{grant.token} {' '.join(grant.disks)}"
    for disk in plan.disks:
        yield f"want_disk {disk.name} {disk.guid} {disk.unfinished} {_match_words(disk.match)}"
        for part in disk.partitions:
            yield f"want_partition {disk.name} {part.number} {part.device} {part.uuid} {part.type} {part.size_mib}"
    yield "take_disks"
    for array in plan.arrays:
        yield f"want_array {array.name} {array.level} {array.uuid} {' '.join(array.members)}"
    for group in plan.groups:
        members = " ".join(f"{member}={uuid}" for member, uuid in group.members)
        yield f"want_group {group.name} {group.tag} {members}"
        for volume in group.volumes:
            yield f"want_volume {group.name} {volume.name} {volume.tag} {volume.size_mib}"
    for pool in plan.pools:
        yield from _pool_lines(pool)
    yield from map(_mount_line, plan.filesystems)
    yield "finish_disks"


def _mount_line(one: PlannedFileSystem) -> str:
    mount = f"'{_quotable(one.mount)}'"
    if one.format == "zfs":
        return f"want_mount {one.device} {mount}"
    return f"want_filesystem {one.device} {one.format} {one.uuid} {mount} '{_quotable(one.options)}'"


def _pool_lines(pool: PlannedPool) -> Iterator[str]:
    # No property has a space or a quote: the document's check sees to that.
    vdevs = [
        " ".join([kind, *(f"{member}={uuid}" for member, uuid in members)]) for kind, members in pool.vdevs
    ]
    yield f"want_pool {pool.name} {pool.uuid} '{' '.join(pool.properties)}' {' '.join(vdevs)}"
    for dataset in pool.datasets:
        yield f"want_dataset {pool.name} {dataset.name} '{' '.join(dataset.properties)}'"


def _modules(plan: DiskPlan) -> list[str]:
    levels = {"raid456" if array.level in PARITY else f"raid{array.level}" for array in plan.arrays}
    # The driver of pools is not among those that may be missing: `want_pool` asks for it by itself.
    formats = {one.format for one in plan.filesystems if one.format not in {"swap", "zfs"}}
    return [*sorted(levels), *(["dm_mod"] if plan.groups else []), *sorted(formats)]


def _match_words(match: Match) -> str:
    rotational = {None: "-", True: "1", False: "0"}[match.rotational]
    low, high = (size_mib(text) if text else 0 for text in (match.min_size, match.max_size))
    return f"'{match.serial or '*'}' '{match.path or '*'}' {low} {high} {rotational}"


def _quotable(text: str) -> str:
    return text.replace("'", "'\\''")
