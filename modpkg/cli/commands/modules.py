"""Commands about modules: build them, show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command
from modpkg.cli.commands.documents import PLATFORM_HELP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.cli.options import Session
    from modpkg.cli.results import BuildResult, PlanResult
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
    workshop = _workshop(session, platform, fast=fast, offline=offline)
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

    workshop = _workshop(session, platform, fast=fast, offline=offline)
    return _build(session, workshop, order(workshop.catalogue, platform), dry_run=dry_run)


def _workshop(session: Session, platform: str, *, fast: bool, offline: bool) -> Workshop:
    from modpkg.pipeline.opening import open_workshop
    from modpkg.pipeline.site import Site

    site = Site.of(session.environment, offline=offline)
    return open_workshop(session.recipes, platform=platform, site=site, work=session.work, fast=fast)


def _build(
    session: Session, workshop: Workshop, names: Sequence[str], *, dry_run: bool
) -> BuildResult | PlanResult:
    from modpkg.cli.results import build_result, plan_result
    from modpkg.pipeline.build_modules import build_modules
    from modpkg.pipeline.plan import plan_builds

    if dry_run:
        return plan_result(plan_builds(workshop, names))
    return build_result(build_modules(workshop, names, sink=session.sink))
