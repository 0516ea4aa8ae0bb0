"""A channel back to the packages of an earlier snapshot. Never removes what it goes back from.

The old list gets a new date, as apt refuses a state that is older than the one it knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError
from modpkg.pipeline.journal import SHORT_ID, find_head, read_snapshot
from modpkg.pipeline.pool import missing_from_pool

if TYPE_CHECKING:
    from modpkg.model.repository import Snapshot
    from modpkg.pipeline.change import ChangePlan, Planner, State

STEP: Final = "rollback"


def rollback_to(name: str) -> Planner:
    """Give what makes a channel hold what its snapshot `name` (an id, or its first letters) holds."""

    def planned(state: State) -> ChangePlan:
        head = find_head(state.heads, state.target.channel, name)
        snapshot = read_snapshot(state.places, head)
        _check_whole(state, snapshot)
        same = state.newest is not None and state.newest.packages == snapshot.packages
        words = "already holds" if same else "goes back to"
        reason = f"channel {snapshot.channel} {words} the packages of snapshot {snapshot.id[:SHORT_ID]}"
        return state.plan(STEP, snapshot.packages, reason=reason)

    return planned


def _check_whole(state: State, snapshot: Snapshot) -> None:
    gone = missing_from_pool(state.places, snapshot.packages)
    if gone:
        raise BadInputError(
            f"cannot go back to snapshot {snapshot.id[:SHORT_ID]}: "
            f"{len(gone)} of its {len(snapshot.packages)} packages were removed from the pool",
            hint=f"choose a newer one: invoke snapshots --channel {snapshot.channel}",
        )
