"""Commands about modules: build, release, show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command
from modpkg.cli.commands.documents import PLATFORM_HELP
from modpkg.cli.options import AUTHOR_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.cli.module_results import BuildResult, ModuleResult, PlanResult
    from modpkg.cli.options import Session
    from modpkg.pipeline.release_module import Released
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


@command(
    helps={
        **NAME_HELP,
        "message": "What changed, in one line.",
        "platform": PLATFORM_HELP,
        "urgency": "low, medium, high or emergency.",
        "dry_run": "Tell the new version, and write nothing.",
    }
)
def release_module(
    session: Session,
    name: str,
    *,
    message: str = "",
    platform: str = "bookworm",
    urgency: str = "low",
    dry_run: bool = False,
) -> list[Released]:
    """Give a module's inputs as they are now a version: writes the newest entry of its changelog.

    Its author is MODPKG_AUTHOR (Name <user@example.org>), else the recipe's maintainer.

    Example: modpkg release-module slurm --message "Renewed for the packages of 12.5"
    """
    from modpkg.errors import BadInputError
    from modpkg.pipeline.release_module import Wording, release_modules

    if not message:
        raise BadInputError("cannot release without words", where="--message", hint="say what changed")
    workshop = _workshop(session, platform, fast=False, offline=True)
    folder = workshop.catalogue.recipes.get(name)
    maintainer = folder.recipe.maintainer if folder else ""
    author = session.environ.get(AUTHOR_VARIABLE) or maintainer
    wording = Wording(message=message, author=author, now=session.now, urgency=urgency)
    return release_modules(session.recipes, [name], lock=workshop.lock, wording=wording, dry_run=dry_run)


@command(helps={**NAME_HELP, "platform": PLATFORM_HELP})
def show_module(session: Session, name: str, *, platform: str = "bookworm") -> ModuleResult:
    """Show a module: its version, whether it is built, what it stands on, its packages.

    Example: modpkg show-module slurm --output json
    """
    from modpkg.cli.module_results import module_result
    from modpkg.pipeline.plan import plan_builds

    workshop = _workshop(session, platform, fast=False, offline=True)
    step = next(step for step in plan_builds(workshop, [name]) if step.module == name)
    return module_result(workshop, step)


def _workshop(session: Session, platform: str, *, fast: bool, offline: bool) -> Workshop:
    from modpkg.pipeline.opening import open_workshop
    from modpkg.pipeline.site import Site

    site = Site.of(session.environment, offline=offline)
    return open_workshop(session.recipes, platform=platform, site=site, work=session.work, fast=fast)


def _build(
    session: Session, workshop: Workshop, names: Sequence[str], *, dry_run: bool
) -> BuildResult | PlanResult:
    from modpkg.cli.module_results import build_result, plan_result
    from modpkg.pipeline.build_modules import build_modules
    from modpkg.pipeline.plan import plan_builds

    if dry_run:
        return plan_result(plan_builds(workshop, names))
    return build_result(build_modules(workshop, names, sink=session.sink))
