"""Commands for release engineers: what channels hold, what they held, what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command
from modpkg.cli.repository import described, remember

if TYPE_CHECKING:
    from modpkg.cli.options import Session
    from modpkg.cli.results.channels import ChangeResult, PruneResult, RebuiltResult, SnapshotResult
    from modpkg.pipeline.change import Planner
    from modpkg.pipeline.pins import Pins

DRY_RUN_HELP = "Tell what would change and change nothing."


@command(
    name="promote",
    helps={
        "source": "Channel whose packages to take, such as testing.",
        "channel": "Channel to add them to, such as stable.",
        "dry_run": DRY_RUN_HELP,
    },
)
def promote(session: Session, source: str, channel: str, *, dry_run: bool = False) -> ChangeResult:
    """Add all packages of one channel to another, the same to the byte. Nothing is built, copied or removed.

    Example: modpkg promote testing stable
    """
    from modpkg.pipeline.promote import promotion

    return _change(session, channel, promotion(source), dry_run=dry_run)


@command(
    name="rollback",
    helps={
        "channel": "Channel to change.",
        "snapshot": "Snapshot to go back to, by its first letters; `snapshots` lists them.",
        "dry_run": DRY_RUN_HELP,
    },
)
def rollback(session: Session, channel: str, snapshot: str, *, dry_run: bool = False) -> ChangeResult:
    """Let a channel hold again what an earlier snapshot of it holds, under a new date.

    Example: modpkg rollback stable 3f9a1c
    """
    from modpkg.pipeline.rollback import rollback_to

    return _change(session, channel, rollback_to(snapshot), dry_run=dry_run)


@command(
    name="refresh",
    helps={"channel": "Channel to sign again. Default: all that are published.", "dry_run": DRY_RUN_HELP},
)
def refresh(session: Session, *, channel: str | None = None, dry_run: bool = False) -> list[ChangeResult]:
    """Sign channels again with a new date, as apt trusts them for `valid-days` only. Made for a timer.

    Example: modpkg refresh --channel stable
    """
    from modpkg.pipeline.journal import read_heads
    from modpkg.pipeline.refresh import channels_to_refresh, refreshed
    from modpkg.pipeline.workplace import Workplace

    heads = read_heads(Workplace(session.work).places)
    names = channels_to_refresh(described(session), heads, channel)
    return [_change(session, name, refreshed, dry_run=dry_run) for name in names]


@command(name="snapshots", helps={"channel": "Channel to show. Default: all."})
def snapshots(session: Session, *, channel: str | None = None) -> list[SnapshotResult]:
    """List the states that channels have been in, newest first.

    Example: modpkg snapshots --channel stable
    """
    from modpkg.cli.results.channels import snapshot_result
    from modpkg.formats.documents import load_repository
    from modpkg.pipeline.list_snapshots import list_snapshots
    from modpkg.pipeline.workplace import Workplace

    place = Workplace(session.work).repository
    found = list_snapshots(place, load_repository(session.repository), channel=channel)
    return [snapshot_result(state) for state in found]


@command(name="rebuild-index", helps={"dry_run": "Tell what would be read and change nothing."})
def rebuild_index(session: Session, *, dry_run: bool = False) -> RebuiltResult:
    """Make the cache of the repository anew from its journal and its pool. Clients see no difference.

    Example: modpkg rebuild-index
    """
    from modpkg.cli.results.channels import rebuilt_result
    from modpkg.pipeline import rebuild_index
    from modpkg.pipeline.workplace import Workplace

    place = Workplace(session.work).repository
    if dry_run:
        return rebuilt_result(rebuild_index.count_index(place))
    return rebuilt_result(rebuild_index.rebuild_index(place, sink=session.sink))


@command(
    name="retire",
    helps={
        "module": "Module to take a version of away.",
        "version": "The version, such as 12.0.3-41.",
        "platform": "Platform of the module.",
        "dry_run": DRY_RUN_HELP,
    },
)
def retire(
    session: Session, module: str, version: str, *, platform: str = "bookworm", dry_run: bool = False
) -> list[ChangeResult]:
    """Take one version of a module out of all channels. One that a lock names, or another module needs, stays.

    Example: modpkg retire slurm 23.11.4-2
    """
    from modpkg.formats.relations import package_name
    from modpkg.model.version import ModuleVersion
    from modpkg.pipeline.retire import channels_of, retirement
    from modpkg.pipeline.workplace import Workplace

    name, number = package_name(module, platform), ModuleVersion.parse(version)
    places, document = Workplace(session.work).places, described(session)
    channels = channels_of(places, document, name=name, version=number)
    planner = retirement(name, number, pins=_pins(session))
    # Planned for all channels before the first is changed.
    planned = [_change(session, channel, planner, dry_run=True) for channel in channels]
    return planned if dry_run else [_change(session, each, planner, dry_run=False) for each in channels]


@command(name="prune", helps={"dry_run": DRY_RUN_HELP})
def prune(session: Session, *, dry_run: bool = False) -> PruneResult:
    """Delete what no kept snapshot and no lock names, a time of grace after it was marked. Made for a timer.

    Example: modpkg prune --dry-run
    """
    from modpkg.cli.clock import now
    from modpkg.cli.results.channels import prune_result
    from modpkg.pipeline import prune
    from modpkg.pipeline.journal import newest_of, read_heads
    from modpkg.pipeline.trim import trimming
    from modpkg.pipeline.workplace import Workplace

    workplace, document = Workplace(session.work), described(session)
    pins, trimmed = _pins(session), []
    if document.keep_versions:
        heads = read_heads(workplace.places)
        planner = trimming(keep=document.keep_versions, pinned=pins)
        names = [name for name in document.channels if newest_of(heads, name)]
        trimmed = [_change(session, name, planner, dry_run=dry_run) for name in names]
    place, moment = workplace.repository, now(session.environ)
    if dry_run:
        planned = prune.plan_prune(place, document, pins=pins, now=moment)
    else:
        planned = prune.prune(place, document, pins=pins, now=moment, sink=session.sink)
    return prune_result(planned, trimmed, place)


def _pins(session: Session) -> Pins:
    from modpkg.pipeline.pins import read_pins
    from modpkg.pipeline.workplace import Workplace

    workplace = Workplace(session.work)
    recipes = (session.recipes, workplace.demo_recipes)
    return read_pins([*(place / "images" for place in recipes), workplace.places.pins])


def _change(session: Session, channel: str, planner: Planner, *, dry_run: bool) -> ChangeResult:
    from modpkg.cli.clock import now
    from modpkg.cli.results.channels import change_result, planned_change
    from modpkg.pipeline.change import carry_out, plan_change
    from modpkg.pipeline.signing import existing_signer, find_signer
    from modpkg.pipeline.target import Target
    from modpkg.pipeline.workplace import Workplace

    workplace, document = Workplace(session.work), described(session)
    target = Target(repository=workplace.repository, document=document, channel=channel)
    moment, home = now(session.environ), workplace.signing_home(session.environ)
    if dry_run:
        return planned_change(plan_change(planner, target=target, now=moment), workplace.repository)
    target.check()
    signer = existing_signer(document, home=home, sink=session.sink)
    if signer is None:
        # Planned before: a wrong name must not make a key.
        plan_change(planner, target=target, now=moment)
        signer = find_signer(document, home=home, sink=session.sink)
    changed = carry_out(planner, target=target, signer=signer, now=moment, sink=session.sink)
    remember(session)
    return change_result(changed, workplace.repository)
