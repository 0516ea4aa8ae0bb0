"""Writes the indices of a channel for apt. Replaces no file: it says what has to be replaced to commit.

Indices lie under their digest (by-hash), so that a client with any InRelease finds those that it names.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from modpkg.apt.release import COMPONENT, SECONDS_A_DAY, Index, Release, render_release
from modpkg.apt.stanza import STANZAS
from modpkg.formats.frames import Text, grouped
from modpkg.host.files import write_atomically
from modpkg.model.repository import Replacement, Repository, Snapshot, address_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from modpkg.formats.frames import Facts, Frames
    from modpkg.openpgp.sign import Session

# A channel without packages of an architecture of its own still has an index for apt to fetch.
DEFAULT_ARCHITECTURE: Final = "amd64"
LIB_LETTERS: Final = 4


# A package that an index lists: its digest and Debian's name of its architecture, or `all`.
Listed = tuple[str, str]


def write_indices(
    www: Path,
    listed: Sequence[Listed],
    *,
    frames: Frames,
    snapshot: Snapshot,
    document: Repository,
    session: Session,
) -> tuple[Replacement, ...]:
    """Write the indices of a snapshot below `www`; give the replacements that commit it, InRelease last.

    `listed` stand in the order that they are to have.
    """
    suite = f"dists/{snapshot.channel}"
    architectures = architectures_of(listed)
    indices = [
        index
        for name in architectures
        for index in _write_architecture(
            www / suite, listed, architecture=name, frames=frames, seconds=snapshot.date
        )
    ]
    release = Release(
        origin=document.name,
        description=document.summary,
        channel=snapshot.channel,
        architectures=architectures,
        date=snapshot.date,
        valid_until=snapshot.date + document.valid_days * SECONDS_A_DAY,
        changelogs=f"{address_of(www, document)}/changelogs/@CHANGEPATH@_changelog",
        snapshot=snapshot.id,
        indices=tuple(indices),
    )
    signed = session.clear(render_release(release), seconds=snapshot.date)
    plain = [
        Replacement(path=f"{suite}/{index.path}", kind="copy", content=f"{suite}/{by_hash(index)}")
        for index in indices
    ]
    return (*plain, Replacement(path=f"{suite}/InRelease", kind="text", content=signed))


def architectures_of(listed: Iterable[Listed]) -> tuple[str, ...]:
    """Give the architectures that a channel has indices for."""
    found = {architecture for _, architecture in listed} - {"all"}
    return tuple(sorted(found or {DEFAULT_ARCHITECTURE}))


def by_hash(index: Index) -> str:
    """Give the path of an index under its digest, below the suite's directory."""
    directory = index.path.rpartition("/")[0]
    return f"{directory}/by-hash/SHA256/{index.sha256}"


def changelog_path(source: str, version: str) -> str:
    """Give where `apt changelog` asks for a changelog, below `www`."""
    prefix = source[:LIB_LETTERS] if source.startswith("lib") else source[:1]
    return (
        f"changelogs/{COMPONENT}/{prefix}/{source}/{source}_{version.partition(':')[2] or version}_changelog"
    )


def _write_architecture(
    suite: Path, listed: Sequence[Listed], *, architecture: str, frames: Frames, seconds: int
) -> tuple[Index, Index]:
    digests = [sha256 for sha256, own in listed if own in (architecture, "all")]
    text = Text(kind=STANZAS, groups=grouped(digests), frames=frames, plain=True)
    facts = text.known()
    if facts is None or not all(
        _is_there(suite, index, seconds=seconds) for index in _indices(facts, architecture)
    ):
        made = text.make()
        facts = made.facts
        for index, content in zip(_indices(facts, architecture), (made.raw, made.packed), strict=True):
            path = suite / by_hash(index)
            if not path.exists():
                write_atomically(path, content, seconds=seconds, sha256=index.sha256)
    return _indices(facts, architecture)


def _indices(facts: Facts, architecture: str) -> tuple[Index, Index]:
    directory = f"{COMPONENT}/binary-{architecture}"
    return (
        Index(path=f"{directory}/Packages", size=facts.size, sha256=facts.sha256),
        Index(path=f"{directory}/Packages.gz", size=facts.packed_size, sha256=facts.packed_sha256),
    )


def _is_there(suite: Path, index: Index, *, seconds: int) -> bool:
    # What is promoted has the same index in the channel that it comes from.
    path = suite / by_hash(index)
    if not path.exists():
        others = sorted(suite.parent.iterdir()) if suite.parent.is_dir() else []
        found = next((there for other in others if (there := other / by_hash(index)).is_file()), None)
        if found is None:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(found, path)
        except OSError:  # a kernel that protects links to other people's files
            return False
    # Some servers tell a client that asks for what changed since then that nothing did.
    with suppress(PermissionError):
        os.utime(path, (seconds, seconds))
    return True
