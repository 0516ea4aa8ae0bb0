"""What happens while a command works, as typed values, and the sinks that show them.

Workflows emit events and never print; a terminal, a pipe, JSON lines and a test are sinks.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins. `reason` says why it has to be done."""

    step: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step ended; times in seconds. `cpu_seconds` is user + system of this process and its children."""

    step: str
    seconds: float
    cpu_seconds: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """A step had nothing to do, for `reason`."""

    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is: `done` of `total` in `unit`; a total of 0 is unknown."""

    step: str
    done: int
    total: int
    unit: str


@dataclass(frozen=True, slots=True)
class Output:
    """One line that another program wrote."""

    program: str
    line: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something the user should know, with the way out."""

    message: str
    hint: str = ""


Event = StepStarted | StepFinished | StepSkipped | Progress | Output | Warned
EVENTS: dict[str, type[Event]] = {
    cls.__name__: cls for cls in (StepStarted, StepFinished, StepSkipped, Progress, Output, Warned)
}


class Sink(Protocol):
    """Takes events; must not raise."""

    def __call__(self, event: Event) -> None:
        """Show or keep one event."""


def ignore(event: Event) -> None:
    """Be the sink that shows nothing."""
    del event


def event_to_dict(event: Event) -> dict[str, Any]:
    """Give an event as a flat object with its kind, ready for a JSON line."""
    return {"event": type(event).__name__, **asdict(event)}


def event_from_dict(fields: dict[str, Any]) -> Event:
    """Rebuild the event that `event_to_dict` took apart. Raises KeyError or TypeError on other objects."""
    rest = dict(fields)
    return EVENTS[rest.pop("event")](**rest)
