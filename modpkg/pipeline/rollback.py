"""A channel back to the packages of an earlier snapshot. Never removes what it goes back from.

The old list gets a new date, as apt refuses a state that is older than the one it knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError
from modpkg.model.repository import Places
from modpkg.pipeline.journal import SHORT_ID, find_snapshot
from modpkg.pipeline.pool import is_in_pool

if TYPE_CHECKING:
    from modpkg.model.repository import Snapshot
    from modpkg.pipeline.change import ChangePlan, Planner, State

STEP: Final = "rollback"


def rollback_to(name: str) -> Planner:
    """Give what makes a channel hold what its snapshot `name` (an id, or its first letters) holds."""

    def planned(state: State) -> ChangePlan:
        snapshot = find_snapshot(state.snapshots, state.target.channel, name)
        _check_whole(state, snapshot)
        same = state.newest is not None and state.newest.packages == snapshot.packages
        words = "already holds" if same else "goes back to"
        reason = f"channel {snapshot.channel} {words} the packages of snapshot {snapshot.id[:SHORT_ID]}"
        return state.plan(STEP, snapshot.packages, reason=reason)

    return planned


def _check_whole(state: State, snapshot: Snapshot) -> None:
    places = Places(state.target.repository)
    gone = [digest for digest in snapshot.packages if not is_in_pool(places, digest)]
    if gone:
        raise BadInputError(
            f"cannot go back to snapshot {snapshot.id[:SHORT_ID]}: "
            f"{len(gone)} of its {len(snapshot.packages)} packages were removed from the pool",
            hint=f"choose a newer one: invoke snapshots --channel {snapshot.channel}",
        )
