"""The same packages, signed again with a new date: apt trusts a channel for `valid-days` only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.apt.release import SECONDS_A_DAY, format_time
from modpkg.errors import BadInputError
from modpkg.pipeline.journal import newest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.model.repository import Head, Repository
    from modpkg.pipeline.change import ChangePlan, State

STEP: Final = "refresh"


def refreshed(state: State) -> ChangePlan:
    """Plan a snapshot of the packages that the channel has, whether or not it expires soon."""
    newest = state.newest
    if newest is None:
        raise BadInputError(f"cannot refresh channel {state.target.channel!r}: nothing is published there")
    until = newest.date + state.target.document.valid_days * SECONDS_A_DAY
    words = "expired on" if state.now > until else "is valid until"
    reason = f"channel {newest.channel} {words} {format_time(until)}"
    return state.plan(STEP, newest.packages, reason=reason, always=True)


def channels_to_refresh(document: Repository, heads: Sequence[Head], channel: str | None) -> tuple[str, ...]:
    """Give the channel that is named, or all that have a snapshot; raises BadInputError if none has."""
    published = [name for name in document.channels if newest_of(heads, name)]
    if channel is None and not published:
        raise BadInputError("cannot refresh the repository: nothing is published", hint="invoke publish")
    return (channel,) if channel else tuple(published)
