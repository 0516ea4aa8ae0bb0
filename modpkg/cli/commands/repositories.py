"""Commands for release engineers: publish modules, look at what is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command
from modpkg.cli.commands.modules import open_shop

if TYPE_CHECKING:
    from modpkg.cli.options import Session
    from modpkg.cli.results.repositories import ChannelResult, PublicationResult


@command(
    name="publish",
    helps={
        "channel": "Channel to publish to, such as testing.",
        "platform": "Platform whose modules to publish.",
        "module": "Publish this module and those it stands on. Default: all of the platform.",
        "dry_run": "Tell what would be published and change nothing.",
    },
)
def publish(
    session: Session,
    *,
    channel: str,
    platform: str = "bookworm",
    module: str | None = None,
    dry_run: bool = False,
) -> PublicationResult:
    """Add built modules to a signed apt and yum repository, for all clients at one moment.

    Example: modpkg publish --channel testing
    """
    from modpkg.cli.clock import now
    from modpkg.cli.results.repositories import planned_publication, publication_result
    from modpkg.formats.documents import load_repository
    from modpkg.pipeline.publish import Target
    from modpkg.pipeline.publish_modules import packages_of, plan_publication, publish_packages
    from modpkg.pipeline.workplace import Workplace

    workplace = Workplace(session.work)
    place, moment = workplace.repository, now(session.environ)
    document = load_repository(session.repository)
    target = Target(repository=place, document=document, channel=channel)
    target.check()
    workshop = open_shop(session, platform, fast=False, offline=True)
    packages = packages_of(workshop, module, sink=session.sink)
    if dry_run:
        return planned_publication(plan_publication(packages, target=target, now=moment), place)
    home = workplace.signing_home(session.environ)
    return publication_result(
        publish_packages(packages, target=target, home=home, now=moment, sink=session.sink), place
    )


@command(name="show-repository", helps={"channel": "Channel to show. Default: all."})
def show_repository(session: Session, *, channel: str | None = None) -> list[ChannelResult]:
    """Show the channels of the repository: snapshot, date, modules with their versions.

    Example: modpkg show-repository --channel testing
    """
    from modpkg.cli.results.repositories import channel_result
    from modpkg.formats.documents import load_repository
    from modpkg.pipeline.show_repository import show_channels
    from modpkg.pipeline.workplace import Workplace

    document = load_repository(session.repository)
    channels = show_channels(Workplace(session.work).repository, document, channel=channel)
    return [channel_result(name, shown) for name, shown in channels.items()]
