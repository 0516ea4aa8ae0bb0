"""What `nodes` answers: how nodes are, and what they told of their boots. Nothing is worked out here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, get_args

from modpkg.cli.render import seconds, to_text
from modpkg.node.event_text import name_and_version
from modpkg.node.state import NodeState, State

if TYPE_CHECKING:
    from modpkg.node.event_text import BootLog

SHOWN_UNITS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLine:
    """One line of the table."""

    node: str
    image: str
    state: str
    seconds: str
    memory: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodesResult:
    """How many nodes are in each state, and each node by name."""

    count: dict[str, int]
    nodes: tuple[NodeState, ...]

    def as_text(self) -> str:
        """Give a table, and the count below it."""
        return "\n".join([to_text([line_of(state) for state in self.nodes]), summary_of(self.nodes)])


@dataclass(frozen=True, slots=True, kw_only=True)
class EventResult:
    """What a stage told; seconds since the node's kernel started."""

    seconds: float
    stage: str
    state: str
    detail: str
    told_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BootResult:
    """One boot of a node, as it told of it. `began_at` is by the head's clock."""

    boot: str
    image: str
    version: str
    began_at: str
    events: tuple[EventResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BootsResult:
    """The last boots of a node, the newest last."""

    node: str
    boots: tuple[BootResult, ...]

    def as_text(self) -> str:
        """Give the boots one below the other, a line an event."""
        return "\n\n".join(_boot_text(boot) for boot in self.boots) or f"{self.node} has told of no boot yet"


def nodes_result(states: tuple[NodeState, ...]) -> NodesResult:
    """Tell how nodes are."""
    return NodesResult(count=count_of(states), nodes=states)


def boots_result(node: str, logs: list[BootLog]) -> BootsResult:
    """Tell what a node told of its last boots."""
    return BootsResult(node=node, boots=tuple(_boot(log) for log in logs))


def line_of(state: NodeState) -> StateLine:
    """Give the line of a node."""
    return StateLine(
        node=state.node,
        image=f"{state.image} {state.version}".strip(),
        state=words_of(state),
        seconds=seconds(state.seconds) if state.stage else "",
        memory=f"{state.memory_mb} MB" if state.memory_mb else "",
    )


def words_of(state: NodeState) -> str:
    """Say how a node is."""
    if state.state == "failed":
        return f"failed: {state.stage}: {state.reason or 'no reason given'}"
    if state.state == "silent":
        return f"silent since {_clock(state.told_at)}: {state.stage}"
    if state.state == "booting":
        return f"booting: {state.stage}"
    if state.state == "up":
        return "; ".join(
            ["up", *([_units(state.failed_units)] if state.failed_units else []), *_reason(state)]
        )
    return state.state


def count_of(states: tuple[NodeState, ...]) -> dict[str, int]:
    """Count the nodes in each state, in a fixed order."""
    found = Counter(state.state for state in states)
    return {state: found[state] for state in get_args(State)}


def summary_of(states: tuple[NodeState, ...]) -> str:
    """Give the count in one line; states that no node is in are left out."""
    parts = [f"{count} {state}" for state, count in count_of(states).items() if count]
    return f"{len(states)} nodes: {', '.join(parts)}" if parts else "no nodes"


def _units(units: tuple[str, ...]) -> str:
    more = len(units) - SHOWN_UNITS
    named = ", ".join(units[:SHOWN_UNITS])
    return f"{len(units)} unit{'' if len(units) == 1 else 's'} failed: {named}{', ...' if more > 0 else ''}"


def _reason(state: NodeState) -> list[str]:
    return [f"failed: {state.reason}"] if state.reason else []


def _boot(log: BootLog) -> BootResult:
    name, version = name_and_version(log.image)
    events = sorted(log.events, key=lambda event: event.seconds)
    began = min((event.at - event.seconds for event in events), default=0.0)
    return BootResult(
        boot=log.boot,
        image=name,
        version=version,
        began_at=_clock(began),
        events=tuple(
            EventResult(
                seconds=event.seconds,
                stage=event.stage,
                state=event.state,
                detail=event.detail,
                told_at=_clock(event.at),
            )
            for event in events
        ),
    )


def _boot_text(boot: BootResult) -> str:
    image = f"{boot.image} {boot.version}".strip() or "an unknown image"
    lines = (
        f"{event.seconds:>8.2f} s  {event.stage:<12} {event.state:<6} {event.detail}".rstrip()
        for event in boot.events
    )
    return "\n".join([f"{boot.began_at}  {image}  boot {boot.boot}", *lines])


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC).astimezone():%Y-%m-%d %H:%M:%S}"
