"""Commands about modules: build them, show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command
from modpkg.cli.commands.documents import PLATFORM_HELP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.cli.options import Session
    from modpkg.cli.results.modules import BuildResult, ModuleResult, PlanResult, ReleaseResult
    from modpkg.pipeline.workshop import Workshop

HELPS = {
    "platform": PLATFORM_HELP,
    "fast": "Compress cheaply. Packages made so carry a mark, and cannot be published.",
    "offline": "Use what the store has, and never the network.",
    "dry_run": "Tell what would be built and why, and build nothing.",
}
NAME_HELP = {"name": "Module, as recipes/modules names it."}


@command(helps={**NAME_HELP, **HELPS})
def build_module(
    session: Session,
    name: str,
    *,
    platform: str = "bookworm",
    fast: bool = False,
    offline: bool = False,
    dry_run: bool = False,
) -> BuildResult | PlanResult:
    """Build a module and those below it, as far as anything changed, with their .deb and .rpm.

    Example: modpkg build-module slurm --platform bookworm
    """
    workshop = open_shop(session, platform, fast=fast, offline=offline)
    return _build(session, workshop, [name], dry_run=dry_run)


@command(helps=HELPS)
def build_all(
    session: Session,
    *,
    platform: str = "bookworm",
    fast: bool = False,
    offline: bool = False,
    dry_run: bool = False,
) -> BuildResult | PlanResult:
    """Build all modules of a platform, as far as anything changed, with their .deb and .rpm.

    Example: modpkg build-all --offline
    """
    from modpkg.formats.catalogue import order

    workshop = open_shop(session, platform, fast=fast, offline=offline)
    return _build(session, workshop, order(workshop.catalogue, platform), dry_run=dry_run)


def open_shop(session: Session, platform: str, *, fast: bool, offline: bool) -> Workshop:
    """Load the documents, a platform's lock, and what the site has."""
    from modpkg.pipeline.site import Site
    from modpkg.pipeline.workplace import Workplace
    from modpkg.pipeline.workshop import open_workshop

    kept = Workplace(session.work).places.inputs
    site = Site.of(session.environment, offline=offline, kept=kept)
    return open_workshop(session.recipes, platform=platform, site=site, work=session.work, fast=fast)


def _build(
    session: Session, workshop: Workshop, names: Sequence[str], *, dry_run: bool
) -> BuildResult | PlanResult:
    from modpkg.cli.results.modules import build_result, plan_result
    from modpkg.pipeline.build_modules import build_modules
    from modpkg.pipeline.plan import plan_builds

    if dry_run:
        return plan_result(plan_builds(workshop, names))
    return build_result(build_modules(workshop, names, sink=session.sink))


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
    platform: str = "bookworm",
    urgency: str = "low",
    dry_run: bool = False,
) -> ReleaseResult:
    """Write the changelog entry that gives a module's inputs their version.

    Its author is $MODPKG_AUTHOR, "Name <mail>", else the recipe's maintainer.

    Example: modpkg release-module slurm --message "Security update of munge"
    """
    from modpkg.cli.clock import now
    from modpkg.cli.results.modules import ReleaseResult
    from modpkg.pipeline.release_module import Wording, release_all, release_modules
    from modpkg.pipeline.site import Site

    wording = Wording(
        message=message,
        author=session.environ.get("MODPKG_AUTHOR"),
        now=now(session.environ),
        urgency=urgency,
    )
    # Of two releases at once the second one finds the first, and overwrites nothing.
    with Site.of(session.environment).store.lock("release", sink=session.sink):
        shop = open_shop(session, platform, fast=False, offline=True)
        if name == "all":
            released = release_all(shop.catalogue, lock=shop.lock, wording=wording, dry_run=dry_run)
        else:
            released = release_modules(
                shop.catalogue, [name], lock=shop.lock, wording=wording, dry_run=dry_run
            )
    return ReleaseResult(released=tuple(released))


@command(
    name="show-module",
    helps={"name": "Module to show.", "platform": PLATFORM_HELP, "paths": "List its paths too."},
)
def show_module(
    session: Session, name: str, *, platform: str = "bookworm", paths: bool = False
) -> ModuleResult:
    """Show a module as it is built: version, packages, size, state, what it lies on.

    Example: modpkg show-module slurm --paths
    """
    from modpkg.cli.results.modules import module_result
    from modpkg.pipeline.build_modules import read_built

    return module_result(
        read_built(open_shop(session, platform, fast=False, offline=True), name), paths=paths
    )
