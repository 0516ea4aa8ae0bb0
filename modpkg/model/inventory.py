"""The inventory documents: which nodes there are, their groups, and what is said to single ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from modpkg.model.address import Address, Macs
from modpkg.model.document import Document, Name
from modpkg.model.hostlist import HOST_PATTERN, expand
from modpkg.model.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modpkg.model.cluster import Cluster
    from modpkg.model.disks import Disks


def _is_hostlist(text: str) -> str:
    expand(text)
    return text


def _is_no_other(text: str) -> str:
    if text in TAKEN:
        raise ValueError(f"{text!r} is {TAKEN[text]}")
    return text


# Names that /etc/hosts of every node has already.
TAKEN: Final = {
    "head": "the name by which nodes find the head",
    "localhost": "each machine's name for itself",
}
NodeName = Annotated[str, StringConstraints(pattern=HOST_PATTERN), AfterValidator(_is_no_other)]
Hostlist = Annotated[str, AfterValidator(_is_hostlist)]


class Group(Settings):
    """Nodes that are told the same. The n-th of them has the address `first_address` + n - 1."""

    nodes: Hostlist
    first_address: Address | None = None


class NodeSettings(Settings):
    """What is said to one node alone."""

    address: Address | None = None


class Inventory(Document):
    """`recipes/nodes/<name>.yaml`; all files together are one inventory. A node is there once it has a MAC."""

    macs: dict[NodeName, Macs] = Field(default_factory=dict)
    groups: dict[Name, Group] = Field(default_factory=dict)
    nodes: dict[NodeName, NodeSettings] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node with all that it is told. `address` is None where DHCP gives it a free one."""

    name: str
    macs: tuple[str, ...]
    groups: tuple[str, ...]
    address: str | None
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Nodes:
    """All nodes of a cluster and its disk documents by name; what it holds is free of faults."""

    cluster: Cluster
    nodes: Mapping[str, Node]
    disks: Mapping[str, Disks]
