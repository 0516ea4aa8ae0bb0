"""Packages of one channel to another: what was tested is what is offered, to the byte.

Copies, builds and signs no package. The other channel loses nothing: to take something out is `retire`'s work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError
from modpkg.pipeline.journal import newest_of, read_snapshot

if TYPE_CHECKING:
    from modpkg.model.repository import Snapshot
    from modpkg.pipeline.change import ChangePlan, Planner, State

STEP: Final = "promote"


def promotion(source: str) -> Planner:
    """Give what adds all packages of channel `source` to the channel that is changed."""

    def planned(state: State) -> ChangePlan:
        origin = _origin(state, source)
        present = state.newest.packages if state.newest else ()
        packages = {*origin.packages, *present}
        count = len(packages) - len(present)
        channel = state.target.channel
        reason = (
            f"{count} packages of {source} are not in {channel}"
            if count or state.newest is None
            else f"all {len(origin.packages)} packages of {source} are in {channel}"
        )
        return state.plan(STEP, packages, reason=reason)

    return planned


def _origin(state: State, source: str) -> Snapshot:
    document = state.target.document
    if source == state.target.channel:
        raise BadInputError(f"cannot promote channel {source!r} to itself")
    if source not in document.channels:
        raise BadInputError(
            f"cannot promote channel {source!r}: there is none of that name",
            hint=f"{document.name} has {', '.join(document.channels)}",
        )
    origin = newest_of(state.heads, source)
    if origin is None:
        raise BadInputError(
            f"cannot promote channel {source!r}: nothing is published there",
            hint=f"publish to it: invoke publish --channel {source}",
        )
    return read_snapshot(state.places, origin)
