"""The grant to wipe disks: given, or taken back, together with the script of its node that speaks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.events import Sink, ignore
from modpkg.formats.words import closest
from modpkg.node.grants import Grants, spoken_of
from modpkg.node.head import HeadPlaces
from modpkg.pipeline.head import write_head

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from modpkg.model.grant import Grant
    from modpkg.model.inventory import Node, Nodes
    from modpkg.pipeline.head import HeadPlan

    Planner = Callable[[Mapping[str, Grant] | None], HeadPlan]


def granted_disks(node: Node, nodes: Nodes, wanted: Sequence[str]) -> tuple[str, ...]:
    """Give the disks of a grant; all of the node's document if none is wanted. Raises BadInputError for others."""
    document = nodes.disks.get(node.settings.disks or "")
    if document is None or document.diskless:
        hint = "write `disks: NAME` for it or for one of its groups"
        raise BadInputError(f"the node {node.name!r} uses no disks", hint=hint)
    for name in wanted:
        if name not in document.disks:
            what = f"no disk {name!r} in the document {document.name!r}"
            raise BadInputError(what, hint=closest(name, document.disks))
    return tuple(name for name in document.disks if name in wanted or not wanted)


def give_grant(node: str, disks: Sequence[str], plan: Planner, root: Path, *, sink: Sink = ignore) -> str:
    """Grant the next boot of a node, and put the script that says so in use; give the head's generation.

    `plan` works out the head anew, with the grants that there are or others. Raises BadInputError, and grants
    nothing, if the head has other changes to come.
    """
    places = HeadPlaces(root)
    grants = Grants(places.grants)
    # A grant that is in use, or was used meanwhile, is no change of the documents.
    if plan(spoken_of(places.current)).reason:
        raise BadInputError(
            "cannot grant it: the head would change in other ways too",
            where=str(root),
            hint="put the documents in use first: modpkg head",
        )
    grants.give(node, disks)
    try:
        return _use(plan(None), root, sink)
    except BaseException:
        grants.withdraw(node)
        raise


def cancel_grant(node: str, plan: Planner, root: Path, *, sink: Sink = ignore) -> str:
    """Take back what a node was granted and has not used; give the head's generation."""
    if not Grants(HeadPlaces(root).grants).withdraw(node):
        raise BadInputError(f"the node {node!r} has no grant, or has used it", where=str(root))
    return _use(plan(None), root, sink)


def _use(plan: HeadPlan, root: Path, sink: Sink) -> str:
    write_head(plan, root, sink=sink)
    return plan.generation
