"""Commands about repositories: publish to them, show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command
from modpkg.cli.commands.documents import PLATFORM_HELP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.cli.options import Session
    from modpkg.cli.repository_results import PublicationPlan, PublicationResult, RepositoryResult
    from modpkg.pipeline.publish_modules import PublishOrder

CHANNEL_HELP = "Channel, as repo/repository.yaml names it."


@command(
    helps={
        "channel": CHANNEL_HELP,
        "platform": PLATFORM_HELP,
        "module": "Publish this module only, with those below it. May be given several times.",
        "dry_run": "Tell what would be published and why, and publish nothing.",
    },
    repeated=("module",),
)
def publish(
    session: Session,
    *,
    channel: str = "testing",
    platform: str = "bookworm",
    module: Sequence[str] = (),
    dry_run: bool = False,
) -> PublicationResult | PublicationPlan:
    """Publish modules to a channel, for apt and for dnf, signed; builds what is not built yet.

    Example: modpkg publish --channel testing --module slurm
    """
    from modpkg.cli.repository_results import publication_plan, publication_result
    from modpkg.pipeline.publish_modules import plan_publication, publish_modules

    order = _order(session, channel=channel, platform=platform, names=module)
    if dry_run:
        return publication_plan(*plan_publication(order, sink=session.sink))
    return publication_result(publish_modules(order, sink=session.sink))


@command(helps={"channel": CHANNEL_HELP, "architecture": "Architecture, by Debian's name."})
def show_repository(
    session: Session, *, channel: str = "testing", architecture: str = "amd64"
) -> RepositoryResult:
    """Show what a channel holds, as clients see it: signature and digests are checked.

    Example: modpkg show-repository --channel testing
    """
    from modpkg.apt.index import read_channel
    from modpkg.cli.repository_results import repository_result
    from modpkg.pipeline.workplace import Workplace

    places = Workplace(session.work).places
    found = read_channel(places.root, channel, architecture=architecture, keyring=places.public_key)
    return repository_result(channel, places, found)


def _order(session: Session, *, channel: str, platform: str, names: Sequence[str]) -> PublishOrder:
    from modpkg.formats.catalogue import order
    from modpkg.formats.documents import load_repository
    from modpkg.pipeline.opening import open_workshop
    from modpkg.pipeline.publish import Target
    from modpkg.pipeline.publish_modules import PublishOrder
    from modpkg.pipeline.site import Site
    from modpkg.pipeline.workplace import Workplace

    workplace = Workplace(session.work)
    workshop = open_workshop(
        session.recipes, platform=platform, site=Site.of(session.environment), work=session.work
    )
    return PublishOrder(
        workshop=workshop,
        names=tuple(names) or tuple(order(workshop.catalogue, platform)),
        target=Target(
            repository=workplace.repository, document=load_repository(session.repository), channel=channel
        ),
        gnupg=session.gnupg or workplace.gnupg,
        now=session.now,
    )
