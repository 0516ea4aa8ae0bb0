"""Switches a channel to a snapshot: a list of packages of the pool. Decides nothing about which packages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from modpkg.apt.publish import changelog_path, write_indices
from modpkg.host.files import sync_directories
from modpkg.model.repository import Places, Publication, Replacement, Snapshot, snapshot_id
from modpkg.pipeline.journal import commit
from modpkg.pipeline.pool import check_pool
from modpkg.yum.publish import write_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from modpkg.model.repository import Repository
    from modpkg.openpgp.sign import Session
    from modpkg.pipeline.index import Index
    from modpkg.pipeline.pairs import Pair
    from modpkg.pipeline.pool import Intake


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


def switch_to(
    places: Places, snapshot: Snapshot, *, index: Index, document: Repository, session: Session
) -> Snapshot:
    """Write all indices of a snapshot, signed, and make it what clients of its channel see.

    Gives the snapshot as it stands in the journal: it names its indices.
    """
    debs, rpms = index.order(snapshot.packages)
    check_pool(places, snapshot.packages)
    apt = write_indices(places.www, debs, frames=index, snapshot=snapshot, document=document, session=session)
    yum = write_snapshot(
        places.www, rpms, frames=index, snapshot=snapshot, document=document, session=session
    )
    key = Replacement(
        path=str(places.public_key.relative_to(places.www)),
        kind="text",
        content=session.public(),
    )
    index.finish()
    sync_directories(_written(places, snapshot))
    indices = tuple(each.content for each in apt if each.kind == "copy")
    written = replace(snapshot, indices=indices)
    commit(places, Publication(snapshot=written, replacements=(key, *apt, *yum)))
    index.note_switch(written)
    return written


def write_changelog(taking: Intake, pair: Pair) -> None:
    """Write the changelog that `apt changelog` asks for, of a package that is going to be published."""
    # Only packages of modules have one for apt.
    path = taking.www / changelog_path(pair.identity.name, str(pair.identity.version))
    if "Modpkg-Module" in pair.control and pair.changelog is not None and not path.exists():
        taking.write(path, pair.changelog)


def _written(places: Places, snapshot: Snapshot) -> list[Path]:
    suite = places.www / "dists" / snapshot.channel
    return [places.www, places.www / "rpm", suite, *suite.glob("main/binary-*/by-hash/SHA256")]
