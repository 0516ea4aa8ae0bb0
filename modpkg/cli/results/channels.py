"""What commands about channels answer: small frozen values. Nothing is worked out here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.cli.results.repositories import moment_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from modpkg.pipeline.change import Changed, ChangePlan
    from modpkg.pipeline.list_snapshots import SnapshotState
    from modpkg.pipeline.prune import PrunePlan
    from modpkg.pipeline.rebuild_index import Rebuilt


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeResult:
    """A change of a channel, done or only planned; `snapshot` is None where nothing was done yet."""

    channel: str
    snapshot: str | None
    parent: str | None
    reason: str
    packages: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    repository: Path
    key: str | None


def change_result(changed: Changed, repository: Path) -> ChangeResult:
    """Tell what a change did."""
    snapshot = changed.snapshot
    return _change(changed.plan, repository, snapshot=snapshot.id, parent=snapshot.parent, key=snapshot.key)


def planned_change(plan: ChangePlan, repository: Path) -> ChangeResult:
    """Tell what a change would do."""
    parent = plan.newest.id if plan.newest else None
    return _change(plan, repository, snapshot=None, parent=parent, key=None)


def _change(
    plan: ChangePlan, repository: Path, *, snapshot: str | None, parent: str | None, key: str | None
) -> ChangeResult:
    return ChangeResult(
        channel=plan.channel,
        snapshot=snapshot,
        parent=parent,
        reason=plan.reason,
        packages=len(plan.packages),
        added=plan.added,
        removed=plan.removed,
        repository=repository,
        key=key,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotResult:
    """One state that a channel is or was in."""

    snapshot: str
    channel: str
    date: str
    packages: int
    current: bool
    parent: str | None
    key: str


def snapshot_result(state: SnapshotState) -> SnapshotResult:
    """Tell of a snapshot."""
    snapshot = state.snapshot
    return SnapshotResult(
        snapshot=snapshot.id,
        channel=snapshot.channel,
        date=moment_text(snapshot.date),
        packages=len(snapshot.packages),
        current=state.is_current,
        parent=snapshot.parent,
        key=snapshot.key,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneResult:
    """What a prune did, or would do; paths are below the repository. `waiting` is what is marked in all."""

    repository: Path
    deleted: tuple[str, ...]
    marked: tuple[str, ...]
    spared: tuple[str, ...]
    waiting: int
    kept_for_locks: int
    trimmed: tuple[ChangeResult, ...]


def prune_result(plan: PrunePlan, trimmed: Iterable[ChangeResult], repository: Path) -> PruneResult:
    """Tell what a prune marks and deletes."""
    return PruneResult(
        repository=repository,
        deleted=plan.delete,
        marked=plan.mark,
        spared=plan.spare,
        waiting=len(plan.doomed) - len(plan.delete),
        kept_for_locks=plan.pinned,
        trimmed=tuple(trimmed),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuiltResult:
    """What the cache of a repository was made from."""

    snapshots: int
    packages: int
    index: Path


def rebuilt_result(rebuilt: Rebuilt) -> RebuiltResult:
    """Tell what was read."""
    return RebuiltResult(snapshots=rebuilt.snapshots, packages=rebuilt.packages, index=rebuilt.index)
