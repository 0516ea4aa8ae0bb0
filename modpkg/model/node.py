"""What the head tells one node, as `node/<mac>.json`, and where images lie on the head. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from modpkg.model.cluster import Cluster
    from modpkg.model.inventory import Node

FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadImage:
    """An image on the head. `directory` is its name below `images/`: another content has another name.

    `arguments` are those of the kernel, with what a node fetches from that directory and the digests.
    """

    name: str
    version: str
    directory: str
    arguments: tuple[str, ...]
    sha256: str


def node_record(node: Node, cluster: Cluster, image: HeadImage) -> dict[str, Any]:
    """Give all that a node is told; keys are those of the documents."""
    said = node.settings
    chroot = cluster.chroots.get(said.chroot or "")
    return {
        "format": FORMAT,
        "name": node.name,
        "cluster": cluster.name,
        "domain": cluster.domain,
        "head": cluster.url,
        "address": node.address,
        "macs": node.macs,
        "groups": node.groups,
        "image": {"name": image.name, "version": image.version, "sha256": image.sha256},
        "kernel-arguments": said.kernel_arguments,
        "disks": said.disks,
        "chroot": {"name": said.chroot, **_dump(chroot)} if chroot else None,
        "roles": said.roles,
        "services": tuple(dict.fromkeys(unit for role in said.roles for unit in cluster.roles[role])),
        "networks": {name: _dump(network) for name, network in said.networks.items()},
        "mounts": {path: _dump(mount) for path, mount in said.mounts.items()},
        "ssh-keys": said.ssh_keys,
        "time": _dump(said.time),
        "resolver": _dump(said.resolver),
    }


def record_text(record: dict[str, Any]) -> str:
    """Give a record as one line of JSON with sorted keys."""
    return json.dumps(record, sort_keys=True, separators=(",", ":")) + "\n"


def _dump(part: Any) -> Any:
    return None if part is None else part.model_dump(mode="json", by_alias=True)
