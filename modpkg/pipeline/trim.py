"""What a channel lists beyond the newest versions of each module, out of it. Deletes no package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.pipeline.retention import surplus

if TYPE_CHECKING:
    from collections.abc import Collection

    from modpkg.pipeline.change import ChangePlan, Planner, State

STEP: Final = "trim"


def trimming(*, keep: int, pinned: Collection[str]) -> Planner:
    """Give what leaves the newest `keep` versions of each package in a channel, and what those and locks need."""

    def planned(state: State) -> ChangePlan:
        packages = state.index.listed(state.newest.packages) if state.newest else ()
        gone = surplus(state.index, packages, keep=keep, pinned=pinned)
        reason = f"{len(gone)} of {len(packages)} packages are beyond the newest {keep} versions"
        return state.plan(STEP, {package.sha256 for package in packages} - gone, reason=reason)

    return planned
