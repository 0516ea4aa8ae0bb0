"""What has to be kept of a repository. Decides alone: deletes nothing and reads no file but through the cache."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from modpkg.pipeline.dependents import needs_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from modpkg.model.repository import Snapshot
    from modpkg.pipeline.index import Index
    from modpkg.pipeline.pieces import Known


def kept_snapshots(snapshots: Sequence[Snapshot], *, keep: int) -> tuple[Snapshot, ...]:
    """Give the newest snapshots of each channel, oldest first: `keep` that differ in their packages.

    Those that only sign the same again do not count, or a daily refresh would push all others out.
    """
    kept: set[str] = set()
    for channel in {snapshot.channel for snapshot in snapshots}:
        mine = [snapshot for snapshot in reversed(snapshots) if snapshot.channel == channel]
        groups = [list(group) for _, group in groupby(mine, key=lambda snapshot: snapshot.packages)]
        # The newest of each group, and the two newest of all: clients may still read the one before.
        kept |= {group[0].id for group in groups[:keep]} | {snapshot.id for snapshot in mine[:2]}
    return tuple(snapshot for snapshot in snapshots if snapshot.id in kept)


def surplus(index: Index, packages: Sequence[Known], *, keep: int, pinned: Collection[str]) -> set[str]:
    """Give the digests of what a channel lists beyond the newest `keep` versions of each package.

    `packages` stand in the order of versions. What is pinned stays, and what is left still finds all that it
    was built on.
    """
    debs = [package for package in packages if package.is_deb]
    left = _newest(debs, keep) | {deb for deb in debs if deb.sha256 in pinned}
    left |= _needed(index, debs, left)
    names = {deb.identity for deb in left}
    return {package.sha256 for package in packages if package.identity not in names}


def _newest(debs: Sequence[Known], keep: int) -> set[Known]:
    groups = groupby(
        sorted(debs, key=lambda deb: (deb.identity.name, deb.architecture, deb.identity.version)),
        key=lambda deb: (deb.identity.name, deb.architecture),
    )
    return {deb for _, group in groups for deb in list(group)[-keep:]}


def _needed(index: Index, debs: Sequence[Known], left: set[Known]) -> set[Known]:
    by_name: dict[tuple[str, str], list[Known]] = {}
    for deb in debs:
        by_name.setdefault((deb.identity.name, str(deb.identity.version)), []).append(deb)
    needs = needs_of(index, debs)
    found: set[Known] = set()
    todo = list(left)
    while todo:
        lower = {each for need in needs[todo.pop().sha256] for each in by_name.get(need, ())}
        todo += lower - found
        found |= lower
    return found
