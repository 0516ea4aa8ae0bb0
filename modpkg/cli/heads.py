"""What commands about nodes have in common: a node by its name, and the head as the documents want it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.formats.words import closest
from modpkg.node.head import named_images
from modpkg.pipeline.head import plan_head
from modpkg.pipeline.images import find_image, read_image
from modpkg.pipeline.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modpkg.cli.options import Session
    from modpkg.model.grant import Grant
    from modpkg.model.inventory import Node, Nodes
    from modpkg.pipeline.head import HeadPlan


def planned_head(
    session: Session, nodes: Nodes, grants: Mapping[str, Grant] | None = None, *, make: bool = True
) -> HeadPlan:
    """Work out the head with the newest images that nodes name, and with other grants than it has if they are given.

    With `make`, ssh keys that the head has to keep for nodes are made if they are not there yet.
    """
    place = Workplace(session.work)
    directories = {name: find_image(place.images, name) for name in sorted(named_images(nodes))}
    sources = {name: (path, read_image(path)) for name, path in directories.items()}
    return plan_head(nodes, sources, root=place.head, grants=grants, make=make)


def named_node(session: Session, nodes: Nodes, name: str) -> Node:
    """Give a node; raises BadInputError with the name that was meant perhaps."""
    found = nodes.nodes.get(name)
    if found is None:
        where = str(session.recipes / "nodes")
        raise BadInputError(f"no node {name!r}", where=where, hint=closest(name, nodes.nodes))
    return found
