"""Reads a published channel as apt does: signature, digest, content. Never trusts what is not signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.apt.publish import by_hash
from modpkg.apt.release import COMPONENT, Index, Release, format_time, parse_release
from modpkg.apt.stanza import Entry, parse_packages
from modpkg.errors import BadInputError, ModpkgError
from modpkg.model.repository import Places
from modpkg.openpgp.verify import verify_clear

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedChannel:
    """What a channel offers for one architecture. `key` is the fingerprint that signed it; times in seconds.

    Paths of entries are below the repository's `www`.
    """

    snapshot: str
    key: str
    date: int
    valid_until: int
    entries: tuple[Entry, ...]


def read_channel(
    repository: Path, channel: str, *, architecture: str, keyring: Path, now: int | None = None
) -> PublishedChannel:
    """Read and verify a channel of the repository in a directory; with `now`, also that it has not expired.

    Raises BadInputError when nothing is published there, ModpkgError when it cannot be trusted.
    """
    suite = Places(repository).www / "dists" / channel
    inrelease = suite / "InRelease"
    if not inrelease.exists():
        raise BadInputError(
            f"cannot find channel {channel!r}",
            where=str(repository),
            hint=f"publish to it: invoke publish --channel {channel}",
        )
    verified = verify_clear(inrelease, keyring=keyring)
    release = _parsed(verified.text, channel=channel, where=inrelease)
    if now is not None and now > release.valid_until:
        raise ModpkgError(
            f"cannot trust this channel: it expired on {format_time(release.valid_until)}",
            where=str(inrelease),
            hint="publish to it again",
        )
    return PublishedChannel(
        snapshot=release.snapshot,
        key=verified.fingerprint,
        date=release.date,
        valid_until=release.valid_until,
        entries=_entries(suite, release, architecture=architecture),
    )


def _parsed(text: str, *, channel: str, where: Path) -> Release:
    try:
        release = parse_release(text)
    except (KeyError, ValueError) as error:
        raise ModpkgError(f"cannot read this Release file: {error}", where=str(where)) from error
    if release.channel != channel:
        raise ModpkgError(
            f"cannot trust this channel: it is {release.channel!r} in the place of {channel!r}",
            where=str(where),
        )
    return release


def _entries(suite: Path, release: Release, *, architecture: str) -> tuple[Entry, ...]:
    wanted = f"{COMPONENT}/binary-{architecture}/Packages"
    index = next((index for index in release.indices if index.path == wanted), None)
    if index is None:
        raise BadInputError(
            f"cannot find packages for {architecture} in channel {release.channel!r}",
            where=str(suite),
            hint=f"it has {', '.join(release.architectures)}",
        )
    text = _checked(suite / by_hash(index), index)
    try:
        return tuple(parse_packages(text))
    except (KeyError, ValueError) as error:
        raise ModpkgError(f"cannot read this index: {error}", where=str(suite / by_hash(index))) from error


def _checked(path: Path, index: Index) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ModpkgError("cannot find the index that InRelease names", where=str(path)) from error
    if len(content) != index.size or hashlib.sha256(content).hexdigest() != index.sha256:
        raise ModpkgError("cannot trust this index: InRelease names another digest", where=str(path))
    return content.decode()
