"""What the channels of a repository offer, verified as a client would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.apt.index import PublishedChannel, read_channel
from modpkg.errors import BadInputError
from modpkg.model.repository import Places

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.repository import Repository


def show_channels(
    repository: Path, document: Repository, *, channel: str | None, architecture: str = "amd64"
) -> dict[str, PublishedChannel]:
    """Read one channel, or all that are published; raises BadInputError where there is nothing."""
    places = Places(repository)
    published = [name for name in document.channels if (places.www / "dists" / name / "InRelease").exists()]
    names = [channel] if channel else published
    if not names:
        raise BadInputError(
            "cannot show the repository: nothing is published",
            where=str(repository),
            hint="invoke publish --channel CHANNEL",
        )
    keyring = places.public_key
    return {
        name: read_channel(repository, name, architecture=architecture, keyring=keyring) for name in names
    }
