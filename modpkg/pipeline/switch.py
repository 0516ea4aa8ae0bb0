"""Switches a channel to a snapshot: a list of packages of the pool. Decides nothing about which packages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.apt.publish import changelog_path, write_indices
from modpkg.apt.stanza import Entry
from modpkg.deb.read import read_control, read_module
from modpkg.formats.package_docs import changelog_text
from modpkg.host.files import sync_directories, write_atomically
from modpkg.model.repository import Places, Publication, Replacement, Repository, Snapshot, snapshot_id
from modpkg.pipeline.journal import commit
from modpkg.pipeline.pool import Pooled, find_in_pool
from modpkg.yum.chunks import Chunks, chunks_of
from modpkg.yum.publish import write_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from modpkg.openpgp.sign import Session


def new_snapshot(
    packages: Iterable[str], *, channel: str, date: int, parent: Snapshot | None, key: str
) -> Snapshot:
    """Give the snapshot of these packages (their digests) at this time."""
    listed = tuple(sorted(packages))
    return Snapshot(
        id=snapshot_id(listed, date=date),
        channel=channel,
        date=date,
        key=key,
        parent=parent.id if parent else None,
        packages=listed,
    )


def switch_to(places: Places, snapshot: Snapshot, *, document: Repository, session: Session) -> None:
    """Write all indices of a snapshot, signed, and make it what clients of its channel see."""
    pooled = [find_in_pool(places, digest) for digest in snapshot.packages]
    entries = [_entry(places, package) for package in pooled if package.path.endswith(".deb")]
    for entry in entries:
        _write_changelog(places.www, entry)
    chunks = [_chunks(places, package) for package in pooled if package.path.endswith(".rpm")]
    apt = write_indices(places.www, entries, snapshot=snapshot, document=document, session=session)
    yum = write_snapshot(places.www, chunks, snapshot=snapshot, document=document, session=session)
    key = Replacement(
        path=str(places.public_key.relative_to(places.www)),
        kind="text",
        content=session.public(),
    )
    sync_directories(_written(places, snapshot))
    commit(places, Publication(snapshot=snapshot, replacements=(key, *apt, *yum)))


def _entry(places: Places, package: Pooled) -> Entry:
    path = places.www / package.path
    return Entry(
        control=read_control(path), path=package.path, size=path.stat().st_size, sha256=package.sha256
    )


def _write_changelog(www: Path, entry: Entry) -> None:
    # Only packages of modules have one that modpkg can read.
    path = www / changelog_path(entry.name, str(entry.version))
    if "Modpkg-Module" in entry.control and not path.exists():
        write_atomically(path, changelog_text(read_module(www / entry.path)))


def _chunks(places: Places, package: Pooled) -> Chunks:
    # Repositories lie at rpm/snap-<id>/: two levels below the pool's parent.
    href = str(Path("..", "..", package.path))
    return chunks_of(
        places.www / package.path, sha256=package.sha256, href=href, cache=places.state / "chunks"
    )


def _written(places: Places, snapshot: Snapshot) -> list[Path]:
    suite = places.www / "dists" / snapshot.channel
    return [places.www, places.www / "rpm", suite, *suite.glob("main/binary-*/by-hash/SHA256")]
