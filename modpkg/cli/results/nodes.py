"""What commands about documents of nodes and their head answer: small frozen values. Nothing is worked out here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.inventory import Node, Nodes
    from modpkg.pipeline.head import HeadPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryResult:
    """How many nodes a cluster has, in all, in each group, of each image."""

    cluster: str
    nodes: int
    groups: dict[str, int]
    images: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeResult:
    """All that one node is told, by the keys of the documents."""

    name: str
    macs: tuple[str, ...]
    address: str | None
    groups: tuple[str, ...]
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadResult:
    """The files of the head; `reason` is empty if they were in use already."""

    generation: str
    reason: str
    is_written: bool
    nodes: int
    files: int
    changed: int
    images: tuple[str, ...]
    checks: dict[str, str]
    directory: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackResult:
    """Which generation was in use, and which is."""

    former: str
    generation: str
    is_done: bool


def inventory_result(nodes: Nodes) -> InventoryResult:
    """Tell how many nodes there are."""
    groups: dict[str, int] = {}
    images: dict[str, int] = {}
    for node in nodes.nodes.values():
        for group in node.groups:
            groups[group] = groups.get(group, 0) + 1
        image = node.settings.image or ""
        images[image] = images.get(image, 0) + 1
    return InventoryResult(
        cluster=nodes.cluster.name,
        nodes=len(nodes.nodes),
        groups=dict(sorted(groups.items())),
        images=dict(sorted(images.items())),
    )


def node_result(node: Node) -> NodeResult:
    """Tell what a node is told."""
    said = node.settings.model_dump(mode="json", by_alias=True, exclude_none=True)
    return NodeResult(
        name=node.name,
        macs=node.macs,
        address=node.address,
        groups=node.groups,
        settings={key: value for key, value in said.items() if value},
    )


def head_result(
    plan: HeadPlan, nodes: Nodes, directory: Path, *, is_written: bool, checks: dict[str, str]
) -> HeadResult:
    """Tell what the head shows."""
    return HeadResult(
        generation=plan.generation,
        reason=plan.reason,
        is_written=is_written,
        nodes=len(nodes.nodes),
        files=len(plan.files),
        changed=len(plan.changed),
        images=tuple(image.directory for image in plan.images.values()),
        checks=checks,
        directory=directory,
    )
