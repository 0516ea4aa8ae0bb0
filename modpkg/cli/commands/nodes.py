"""Commands about nodes: their documents, and the head that they boot from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command

if TYPE_CHECKING:
    from modpkg.cli.options import Session
    from modpkg.cli.results.node_states import BootsResult, NodesResult
    from modpkg.cli.results.nodes import HeadResult, InventoryResult, NodeResult, RollbackResult
    from modpkg.cli.watch import NodesWatch


@command()
def lint_nodes(session: Session) -> InventoryResult:
    """Check the documents of cluster, nodes and disks, and tell all faults at once.

    Example: modpkg lint-nodes
    """
    from modpkg.cli.results.nodes import inventory_result
    from modpkg.formats.node_documents import load_nodes

    return inventory_result(load_nodes(session.recipes))


@command(helps={"name": "Node, as the inventory names it."})
def show_node(session: Session, name: str) -> NodeResult:
    """Show all that cluster, groups and its own lines say to a node.

    Example: modpkg show-node beo-01 --output json
    """
    from modpkg.cli.heads import named_node
    from modpkg.cli.results.nodes import node_result
    from modpkg.formats.node_documents import load_nodes

    return node_result(named_node(session, load_nodes(session.recipes), name))


@command(
    name="head",
    helps={
        "check": "Let dnsmasq and nginx, where they are installed, check the configuration.",
        "serve": "Run dnsmasq and nginx, and keep what nodes report, until Ctrl-C. A change by another "
        "`modpkg head` is taken over.",
        "rollback": "Use the configuration and images that were in use before, and write nothing new.",
        "dry_run": "Tell what would change and change nothing.",
    },
)
def head(
    session: Session,
    *,
    check: bool = False,
    serve: bool = False,
    rollback: bool = False,
    dry_run: bool = False,
) -> HeadResult | RollbackResult:
    """Write all that nodes boot from: dnsmasq, TFTP, nginx, iPXE, a file for each node; put it in use at once.

    Example: modpkg head --check
    """
    from modpkg.cli.heads import planned_head
    from modpkg.cli.results.nodes import RollbackResult, head_result
    from modpkg.formats.node_documents import load_nodes
    from modpkg.pipeline import head as pipeline
    from modpkg.pipeline.serve_head import check_head, serve_head
    from modpkg.pipeline.workplace import Workplace

    root = Workplace(session.work).head
    if rollback:
        former, now = pipeline.roll_back(root, dry_run=dry_run, sink=session.sink)
        return RollbackResult(former=former, generation=now, is_done=not dry_run)
    nodes = load_nodes(session.recipes)
    plan = planned_head(session, nodes, make=not dry_run)
    if dry_run:
        return head_result(plan, nodes, root, is_written=False, checks={})
    pipeline.write_head(plan, root, sink=session.sink)
    checks = check_head(root, sink=session.sink) if check or serve else {}
    if serve:
        serve_head(root, sink=session.sink)
    return head_result(plan, nodes, root, is_written=bool(plan.reason), checks=checks)


@command(
    name="nodes",
    helps={
        "node": "Show what this node told of its last boots, event by event.",
        "boots": "How many boots of it.",
        "watch": "Go on until Ctrl-C: a table drawn anew on a terminal, a line for each change in a pipe.",
    },
)
def nodes(
    session: Session, *, node: str = "", boots: int = 3, watch: bool = False
) -> NodesResult | BootsResult | NodesWatch:
    """Show how all nodes of the head are: image, stage or state, seconds, memory.

    Example: modpkg nodes --watch
    """
    from modpkg.cli.results.node_states import boots_result, nodes_result
    from modpkg.cli.watch import NodesWatch
    from modpkg.errors import BadInputError
    from modpkg.formats.words import closest
    from modpkg.pipeline import watch_nodes
    from modpkg.pipeline.workplace import Workplace

    states = watch_nodes.NodeStates(Workplace(session.work).head)
    if not node:
        return NodesWatch(watch_nodes.watch(states)) if watch else nodes_result(states.now())
    if watch or boots < 1:
        what = "--watch shows all nodes, not one" if watch else f"cannot show {boots} boots"
        raise BadInputError(what, where="--node", hint="leave one of them out" if watch else "at least 1")
    names = watch_nodes.node_names(states.root)
    if node not in names:
        raise BadInputError(f"no node {node!r}", where=str(states.root), hint=closest(node, names))
    return boots_result(node, watch_nodes.boots(states.root, node, boots))
