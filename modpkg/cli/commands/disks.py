"""Commands about the disks of nodes: what would be done, the grant to wipe, documents of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command

if TYPE_CHECKING:
    from modpkg.cli.options import Session
    from modpkg.cli.results.disks import DiskPlanResult, GrantResult

NODE_HELP = "Node, as the inventory names it."


@command(helps={"name": NODE_HELP, "script": "Show what the node's initrd runs."})
def disk_plan(session: Session, name: str, *, script: bool = False) -> DiskPlanResult | str:
    """Show what a node would do with its disks: which ones it looks for, and what it makes on blank ones.

    Example: modpkg disk-plan beo-01
    """
    from modpkg.cli.heads import named_node
    from modpkg.cli.results.disks import disk_plan_result
    from modpkg.errors import BadInputError
    from modpkg.formats.node_documents import load_nodes
    from modpkg.node.disk_plan import plan_disks
    from modpkg.node.disk_script import disk_script
    from modpkg.node.grants import Grants
    from modpkg.node.head import HeadPlaces
    from modpkg.pipeline.workplace import Workplace

    nodes = load_nodes(session.recipes)
    node = named_node(session, nodes, name)
    if not node.settings.disks:
        hint = "write `disks: NAME` for it or for one of its groups"
        raise BadInputError(f"the node {name!r} has no disk configuration", hint=hint)
    if script:
        grants = Grants(HeadPlaces(Workplace(session.work).head).grants).open()
        made = disk_script(node, nodes, grants.get(name))
        return made.text if made else "# diskless: nothing is run\n"
    document = nodes.disks[node.settings.disks]
    return disk_plan_result(plan_disks(document, cluster=nodes.cluster.name, node=name))


@command(
    helps={
        "name": NODE_HELP,
        "once": "Say that it is for the next boot alone: there is no other grant.",
        "disk": "Only these disks, by their names in the document, with commas between. Default: all.",
        "cancel": "Take a grant back that no boot has used.",
        "dry_run": "Tell what would be granted and change nothing.",
    }
)
def disk_wipe(
    session: Session,
    name: str,
    *,
    once: bool = False,
    disk: str = "",
    cancel: bool = False,
    dry_run: bool = False,
) -> GrantResult:
    """Let the next boot of a node wipe what it would refuse: foreign disks that match, and changed layouts.

    Example: modpkg disk-wipe beo-01 --once --disk c
    """
    from functools import partial

    from modpkg.cli.heads import named_node, planned_head
    from modpkg.cli.results.disks import GrantResult
    from modpkg.errors import BadInputError
    from modpkg.formats.node_documents import load_nodes
    from modpkg.pipeline.grant import cancel_grant, give_grant, granted_disks
    from modpkg.pipeline.workplace import Workplace

    if once == cancel:
        hint = "say --once, and look at the plan before: modpkg disk-plan; or take a grant back with --cancel"
        raise BadInputError("cannot grant more than one boot", hint=hint)
    nodes = load_nodes(session.recipes)
    node = named_node(session, nodes, name)
    root = Workplace(session.work).head
    disks = granted_disks(node, nodes, [word for word in disk.split(",") if word])
    if dry_run:
        return GrantResult(node=name, disks=disks, state="not given: a dry run", generation="")

    plan = partial(planned_head, session, nodes)
    if cancel:
        generation = cancel_grant(name, plan, root, sink=session.sink)
        return GrantResult(node=name, disks=disks, state="taken back", generation=generation)
    generation = give_grant(name, disks, plan, root, sink=session.sink)
    return GrantResult(node=name, disks=disks, state="given to its next boot", generation=generation)


@command(
    helps={
        "file": "A file of FAI's setup-storage, as below disk_config/.",
        "name": "Name of the document. Default: that of the file.",
    }
)
def import_disks(session: Session, file: str, *, name: str = "") -> str:
    """Turn a disk_config of FAI's setup-storage into a document for recipes/disks, and tell what has no counterpart.

    Example: modpkg import-disks disk_config/COMPUTE --name compute
    """
    from pathlib import Path

    from modpkg.formats.fai_import import import_setup_storage

    del session
    return import_setup_storage(Path(file), name=name)
