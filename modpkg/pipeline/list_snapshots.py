"""What every channel has been: its snapshots, newest first. Reads the journal alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.model.repository import Places, Snapshot
from modpkg.pipeline.journal import newest_of, read_snapshots

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotState:
    """A snapshot, and whether its channel is in that state now."""

    snapshot: Snapshot
    is_current: bool


def list_snapshots(
    repository: Path, document: Repository, *, channel: str | None = None
) -> tuple[SnapshotState, ...]:
    """Give the snapshots of one channel, or of all, newest first."""
    if channel is not None and channel not in document.channels:
        raise BadInputError(
            f"cannot show snapshots of channel {channel!r}: there is none of that name",
            hint=f"{document.name} has {', '.join(document.channels)}",
        )
    snapshots = read_snapshots(Places(repository))
    current = {newest_of(snapshots, name) for name in {snapshot.channel for snapshot in snapshots}}
    return tuple(
        SnapshotState(snapshot=snapshot, is_current=snapshot in current)
        for snapshot in reversed(snapshots)
        if channel in (None, snapshot.channel)
    )
