"""Commands for packagers: locks, modules, releases."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from modpkg.cli.command import command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.cli.options import Session
    from modpkg.cli.results import (
        CheckedRecipes,
        LockedPlatform,
        ModuleDetails,
        ModuleList,
        ModulePlan,
        ReleaseList,
    )
    from modpkg.pipeline.workshop import Workshop

PLATFORM_HELP = "Platform, such as bookworm. Default: the only one there is."
FAST_HELP = "Compress at a cheap level. The packages are marked, and publish refuses them."
OFFLINE_HELP = "Never ask the network: everything has to be in the store."


@command(name="lint-recipe")
def lint_recipe(session: Session) -> CheckedRecipes:
    """Check every document below recipes/ and tell all faults at once.

    Example: modpkg lint-recipe --output json
    """
    from modpkg.cli.results import checked_recipes
    from modpkg.formats.catalogue import load_catalogue

    return checked_recipes(load_catalogue(session.recipes))


@command(
    name="lock-platform",
    helps={"platform": PLATFORM_HELP, "dry_run": "Tell what would change and write nothing."},
)
def lock_platform(session: Session, platform: str | None = None, *, dry_run: bool = False) -> LockedPlatform:
    """Resolve all recipes of a platform by apt and write the exact packages to its lock.

    Example: modpkg lock-platform bookworm
    """
    from modpkg.cli.bench import only_platform, site_of, workplace_of
    from modpkg.cli.results import locked_platform
    from modpkg.formats.catalogue import load_catalogue
    from modpkg.pipeline.lock_platform import Wish, lock_path
    from modpkg.pipeline.lock_platform import lock_platform as lock

    catalogue = load_catalogue(session.recipes)
    name = only_platform(catalogue, platform)
    return locked_platform(
        lock(
            Wish.of(catalogue, name),
            lock_path(session.recipes, name),
            mirrors=site_of(session).mirrors,
            work=workplace_of(session).scratch("lock"),
            dry_run=dry_run,
            sink=session.sink,
        )
    )


@command(
    name="build-module",
    helps={
        "name": "Module to build, with all it lies on.",
        "platform": PLATFORM_HELP,
        "fast": FAST_HELP,
        "offline": OFFLINE_HELP,
        "dry_run": "Tell what would be built and why, and build nothing.",
    },
)
def build_module(
    session: Session,
    name: str,
    *,
    platform: str | None = None,
    fast: bool = False,
    offline: bool = False,
    dry_run: bool = False,
) -> ModuleList | ModulePlan:
    """Build a module: its fragment, and a .deb and an .rpm that hold it.

    Example: modpkg build-module slurm --platform bookworm
    """
    from modpkg.cli.bench import workshop_of

    workshop = workshop_of(session, platform=platform, fast=fast, offline=offline)
    return _make(workshop, [name], session, dry_run=dry_run)


@command(
    name="build-all",
    helps={
        "platform": PLATFORM_HELP,
        "fast": FAST_HELP,
        "offline": OFFLINE_HELP,
        "dry_run": "Tell what would be built and why, and build nothing.",
    },
)
def build_all(
    session: Session,
    *,
    platform: str | None = None,
    fast: bool = False,
    offline: bool = False,
    dry_run: bool = False,
) -> ModuleList | ModulePlan:
    """Build every module of a platform whose inputs changed.

    Example: modpkg build-all --offline
    """
    from modpkg.cli.bench import workshop_of
    from modpkg.formats.catalogue import order

    workshop = workshop_of(session, platform=platform, fast=fast, offline=offline)
    return _make(workshop, order(workshop.catalogue, workshop.platform.name), session, dry_run=dry_run)


def _make(
    workshop: Workshop, names: Sequence[str], session: Session, *, dry_run: bool
) -> ModuleList | ModulePlan:
    from modpkg.cli.results import module_list, module_plan
    from modpkg.pipeline.build_modules import build_modules
    from modpkg.pipeline.plan import plan_builds

    if dry_run:
        return module_plan(plan_builds(workshop, names))
    return module_list(build_modules(workshop, names, sink=session.sink))


@command(
    name="release-module",
    helps={
        "name": "Module to release; `all` for every one that is not.",
        "message": "What changed, for the changelog.",
        "platform": PLATFORM_HELP,
        "urgency": "low, medium, high or emergency.",
        "dry_run": "Tell what would be released and write nothing.",
    },
)
def release_module(
    session: Session,
    name: str,
    *,
    message: str,
    platform: str | None = None,
    urgency: str = "low",
    dry_run: bool = False,
) -> ReleaseList:
    """Write the changelog entry that gives a module's inputs their version.

    Its author is $MODPKG_AUTHOR, "Name <mail>", else the recipe's maintainer.

    Example: modpkg release-module slurm --message "Security update of munge"
    """
    from modpkg.cli.bench import now, workshop_of
    from modpkg.cli.results import ReleaseList
    from modpkg.pipeline.release_module import Wording, release_all, release_modules

    workshop = workshop_of(session, platform=platform)
    wording = Wording(message=message, author=os.environ.get("MODPKG_AUTHOR"), now=now(), urgency=urgency)
    if name == "all":
        released = release_all(session.recipes, lock=workshop.lock, wording=wording, dry_run=dry_run)
    else:
        released = release_modules(
            session.recipes, [name], lock=workshop.lock, wording=wording, dry_run=dry_run
        )
    return ReleaseList(released=tuple(released))


@command(
    name="show-module",
    helps={"name": "Module to show.", "platform": PLATFORM_HELP, "paths": "List its paths too."},
)
def show_module(
    session: Session, name: str, *, platform: str | None = None, paths: bool = False
) -> ModuleDetails:
    """Show a module as it is built: version, packages, size, state, what it lies on.

    Example: modpkg show-module slurm --paths
    """
    from modpkg.cli.bench import workshop_of
    from modpkg.cli.results import module_details
    from modpkg.pipeline.build_modules import read_built

    return module_details(read_built(workshop_of(session, platform=platform), name), paths=paths)
