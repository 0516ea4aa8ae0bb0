"""What the head tells one node, as `node/<mac>.json`, and where images lie on the head. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from modpkg.model.image import LAYERS, ROOT

if TYPE_CHECKING:
    from modpkg.model.cluster import Cluster
    from modpkg.model.image import ImageDirectory
    from modpkg.model.inventory import Node

FORMAT: Final = 1
BOOTED: Final = ("image.json", "initrd", "vmlinuz")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadImage:
    """An image on the head. `directory` is its name below `images/`: another content has another name."""

    directory: str
    about: ImageDirectory

    @property
    def name(self) -> str:
        """The image's name."""
        return self.about.name

    @property
    def version(self) -> str:
        """Its version."""
        return self.about.image.version

    @property
    def served(self) -> tuple[str, ...]:
        """Names of the files that nodes fetch: what boots, the root or its layers, a site layer."""
        return (*BOOTED, *self.about.fetched_files)

    @property
    def sha256(self) -> str:
        """The digest of what nodes are told to fetch first: the root, or the list of layers."""
        return self.about.files[LAYERS if self.about.layers else ROOT].sha256

    def arguments(self, url: str) -> tuple[str, ...]:
        """Give the kernel's arguments: the image's own, then what is fetched from the head at `url`."""
        return (*self.about.kernel_arguments, *self.about.fetched(f"{url}/images/{self.directory}/"))


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
        "host-keys": said.host_keys,
        "share": _dump(said.share),
        "time": _dump(said.time),
        "resolver": _dump(said.resolver),
    }


def record_text(record: dict[str, Any]) -> str:
    """Give a record as one line of JSON with sorted keys."""
    return json.dumps(record, sort_keys=True, separators=(",", ":")) + "\n"


def _dump(part: Any) -> Any:
    return None if part is None else part.model_dump(mode="json", by_alias=True)
