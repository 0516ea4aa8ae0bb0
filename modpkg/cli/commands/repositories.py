"""Commands for release engineers: publish modules, look at what is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command

if TYPE_CHECKING:
    from modpkg.cli.options import Session
    from modpkg.cli.results import ChannelDetails, PublishedPackages


@command(
    name="publish",
    helps={
        "channel": "Channel to publish to, such as testing.",
        "platform": "Platform whose modules to publish. Default: the only one there is.",
        "module": "Publish this module only. Default: every module of the platform that is built.",
        "dry_run": "Tell what would be published and change nothing.",
    },
)
def publish(
    session: Session,
    *,
    channel: str,
    platform: str | None = None,
    module: str | None = None,
    dry_run: bool = False,
) -> PublishedPackages:
    """Add built modules to a signed apt and yum repository, for all clients at one moment.

    Example: modpkg publish --channel testing
    """
    from modpkg.cli.bench import now, signing_home, workplace_of, workshop_of
    from modpkg.cli.results import planned_packages, published_packages
    from modpkg.formats.documents import load_repository
    from modpkg.pipeline.publish import Target
    from modpkg.pipeline.publish_modules import packages_of, plan_publication, publish_packages

    place = workplace_of(session).repository
    document = load_repository(session.repository)
    target = Target(repository=place, document=document, channel=channel)
    target.check()
    workshop = workshop_of(session, platform=platform, offline=True)
    packages = packages_of(workshop, module, sink=session.sink)
    if dry_run:
        return planned_packages(plan_publication(packages, target=target, now=now()), place)
    home = signing_home(session)
    return published_packages(
        publish_packages(packages, target=target, home=home, now=now(), sink=session.sink), place
    )


@command(name="show-repository", helps={"channel": "Channel to show. Default: all."})
def show_repository(session: Session, *, channel: str | None = None) -> list[ChannelDetails]:
    """Show the channels of the repository: snapshot, date, modules with their versions.

    Example: modpkg show-repository --channel testing
    """
    from modpkg.cli.bench import workplace_of
    from modpkg.cli.results import channel_details
    from modpkg.formats.documents import load_repository
    from modpkg.pipeline.show_repository import show_channels

    document = load_repository(session.repository)
    channels = show_channels(workplace_of(session).repository, document, channel=channel)
    return [channel_details(name, shown) for name, shown in channels.items()]
