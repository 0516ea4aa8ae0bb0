"""How a node is, by what it has told of its last boot. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from modpkg.node.event_text import name_and_version
from modpkg.node.report import MULTI_USER

if TYPE_CHECKING:
    from modpkg.node.event_text import BootLog, Event

State = Literal["unknown", "booting", "silent", "failed", "up"]
# The longest that a stage may be at work without a word: an image that comes slowly, services that wait.
SILENT_SECONDS: Final = 180.0
UP: Final = re.compile(r"used-kib=([0-9]{1,12}) total-kib=([0-9]{1,12}) failed=([^ ]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeState:
    """A node and its last boot.

    `state` is unknown (nothing was told), booting, silent (it was, and tells nothing any more), failed or up;
    `stage` the last one told of, `reason` what failed, and why. `seconds` are those of the node's clock from the
    kernel's start to the last event, `told_at` those of the head's since 1970. Memory, in megabytes, is what is in
    use once the node is up; 0 before.
    """

    node: str
    image: str
    version: str
    state: State
    stage: str
    reason: str
    seconds: float
    memory_mb: int
    failed_units: tuple[str, ...]
    told_at: float


def state_of(node: str, log: BootLog | None, *, now: float) -> NodeState:
    """Judge the newest log of a node at the time `now`; None if it has none."""
    name, version = name_and_version(log.image) if log else ("", "")
    # The node's own clock is what orders events: reports overtake each other.
    events = sorted(log.events, key=lambda event: event.seconds) if log else []
    up = next((event for event in reversed(events) if event.stage == MULTI_USER), None)
    # What failed and went well after that, such as a server that came back, is no fault any more.
    latest = {event.stage: event for event in events if event.state != "start"}
    failed = next(
        (event for event in reversed(events) if event.state == "failed" and event is latest[event.stage]),
        None,
    )
    last = up or (events[-1] if events else None)
    memory_mb, units = _told_when_up(up)
    return NodeState(
        node=node,
        image=name,
        version=version,
        state=_state(last, now),
        stage=last.stage if last else "",
        reason=_reason(last, failed),
        seconds=last.seconds if last else 0.0,
        memory_mb=memory_mb,
        failed_units=units,
        told_at=max((event.at for event in events), default=0.0),
    )


def _state(last: Event | None, now: float) -> State:
    if last is None:
        return "unknown"
    if last.stage == MULTI_USER:
        return "up"
    if last.state == "failed":
        return "failed"
    return "silent" if now - last.at > SILENT_SECONDS else "booting"


def _reason(last: Event | None, failed: Event | None) -> str:
    if last is None or failed is None:
        return ""
    # A node that came up goes on without what one of its stages could not do.
    return failed.detail if failed is last else f"{failed.stage}: {failed.detail}"


def _told_when_up(event: Event | None) -> tuple[int, tuple[str, ...]]:
    found = UP.fullmatch(event.detail) if event else None
    if not found:
        return 0, ()
    return round(int(found[1]) * 1024 / 1_000_000), tuple(filter(None, found[3].split(",")))
