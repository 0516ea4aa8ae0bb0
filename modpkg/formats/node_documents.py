"""The documents about nodes: cluster and inventory, loaded and checked together.

They are apart from recipes and images: a fault among them is in no build's way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError, DocumentError, Problem
from modpkg.formats.documents import examine
from modpkg.formats.inventory_checks import NodeDrafts, check_inventory
from modpkg.formats.inventory_members import members
from modpkg.model.cluster import Cluster
from modpkg.model.disks import Disks
from modpkg.model.inventory import Group, Inventory, Node, Nodes
from modpkg.model.settings import Settings, merge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CLUSTER: Final = "cluster.yaml"


def load_nodes(recipes: Path) -> Nodes:
    """Load `cluster.yaml`, `nodes/*.yaml`, `disks/*.yaml`; raises DocumentError with all faults of all."""
    if not recipes.is_dir():
        raise BadInputError(
            "cannot find the recipes", where=str(recipes), hint="run it in a checkout of modpkg"
        )
    if unreadable := [*_unreadable(recipes)]:
        raise DocumentError(unreadable)
    drafts = _drafts(recipes)
    problems = [*_strays(recipes), *drafts.problems(), *check_inventory(drafts)]
    cluster = drafts.cluster.document
    if problems or cluster is None:
        raise DocumentError(problems)
    inventories = [one.document for one in drafts.inventories.values() if one.document]
    disks = {name: one.document for name, one in drafts.disks.items() if one.document}
    return Nodes(cluster=cluster, nodes=_nodes(cluster, inventories), disks=disks)


def _drafts(recipes: Path) -> NodeDrafts:
    folder = recipes / "nodes"
    return NodeDrafts(
        folder=folder,
        cluster=examine(recipes / CLUSTER, Cluster),
        inventories={path.stem: examine(path, Inventory) for path in _files(folder)},
        images=[path.stem for path in _files(recipes / "images")],
        disks={path.stem: examine(path, Disks) for path in _files(recipes / "disks")},
    )


def _unreadable(recipes: Path) -> Iterator[Problem]:
    # A glob takes a directory that it cannot look into for an empty one: all nodes would be gone.
    for folder in (recipes / name for name in ("nodes", "disks", "images")):
        try:
            if folder.exists() or folder.is_symlink():
                next(folder.iterdir(), None)
        except OSError as error:
            hint = "make it a directory that can be read"
            yield Problem(file=str(folder), message=f"cannot read it: {error.strerror}", hint=hint)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[!.]*.yaml"))


def _strays(recipes: Path) -> list[Problem]:
    paths = [*recipes.glob("nodes/[!.]*.yml"), *recipes.glob("disks/[!.]*.yml"), *recipes.glob("cluster.yml")]
    hint = "rename it: documents end in .yaml"
    return [Problem(file=str(path), message="the file would be ignored", hint=hint) for path in paths]


def _nodes(cluster: Cluster, inventories: list[Inventory]) -> dict[str, Node]:
    groups = {name: group for one in inventories for name, group in sorted(one.groups.items())}
    memberships, addresses = _memberships(groups)
    shared: dict[tuple[str, ...], Settings] = {}
    nodes: dict[str, Node] = {}
    for inventory in inventories:
        for name, macs in inventory.macs.items():
            of = tuple(sorted(memberships.get(name, ())))
            if of not in shared:
                # Thousands of nodes share few sets of groups: each set is joined once.
                shared[of] = merge([cluster.defaults, *(groups[group] for group in of)])
            nodes[name] = Node(
                name=name,
                macs=tuple(macs.split()),
                groups=of,
                address=addresses.get(name),
                settings=shared[of],
            )
    for inventory in inventories:
        for name, own in inventory.nodes.items():
            nodes[name] = Node(
                name=name,
                macs=nodes[name].macs,
                groups=nodes[name].groups,
                address=own.address or nodes[name].address,
                settings=merge([nodes[name].settings, own]),
            )
    return dict(sorted(nodes.items()))


def _memberships(groups: Mapping[str, Group]) -> tuple[dict[str, list[str]], dict[str, str]]:
    memberships: dict[str, list[str]] = {}
    addresses: dict[str, str] = {}
    for group, document in groups.items():
        for name, address in members(document):
            memberships.setdefault(name, []).append(group)
            if address:
                addresses[name] = address
    return memberships, addresses
