"""How all nodes of a head are, by what they have reported. Reads alone: whether a receiver runs does not matter."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.node.event_log import EventLogs, read_log
from modpkg.node.head import HeadPlaces
from modpkg.node.state import NodeState, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from modpkg.node.event_text import BootLog

POLL_SECONDS: Final = 1.0


@dataclass(slots=True)
class NodeStates:
    """The states of all nodes of the head in `root`. Logs that have not changed are not read again."""

    root: Path
    clock: Callable[[], float] = time.time
    read: dict[str, tuple[Path, int, BootLog]] = field(default_factory=dict)

    def now(self) -> tuple[NodeState, ...]:
        """Give the state of each node that the head serves, by name. Raises ModpkgError without a head."""
        logs, now = EventLogs(HeadPlaces(self.root).events), self.clock()
        return tuple(state_of(name, self._newest(logs, name), now=now) for name in node_names(self.root))

    def _newest(self, logs: EventLogs, node: str) -> BootLog | None:
        paths = logs.paths(node)
        if not paths:
            return None
        size = paths[-1].stat().st_size
        known = self.read.get(node)
        if known is None or known[:2] != (paths[-1], size):
            known = self.read[node] = (paths[-1], size, read_log(paths[-1]))
        return known[2]


def node_names(root: Path) -> list[str]:
    """Give the names of all nodes that the head in `root` serves."""
    path = HeadPlaces(root).current / "hosts"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        what = "cannot tell of nodes: there is no head yet"
        raise ModpkgError(what, where=str(root), hint="make it: modpkg head") from error
    except (OSError, ValueError) as error:
        what = "cannot tell of nodes: the state of the head is damaged"
        raise ModpkgError(what, where=str(path), hint="make it anew: modpkg head") from error
    return sorted(line.rpartition(",")[2] for line in lines if line)


def boots(root: Path, node: str, count: int) -> list[BootLog]:
    """Give the last boots of a node, the oldest first."""
    return EventLogs(HeadPlaces(root).events).newest(node, count)


def watch(
    states: NodeStates, *, until: Callable[[], bool] = lambda: False
) -> Iterator[tuple[NodeState, ...]]:
    """Give the states of all nodes, now and again and again, until `until` holds."""
    yield states.now()
    while not until():
        time.sleep(POLL_SECONDS)
        yield states.now()


def changed(before: tuple[NodeState, ...], after: tuple[NodeState, ...]) -> tuple[NodeState, ...]:
    """Give the states of `after` that are not those of `before`."""
    known = set(before)
    return tuple(state for state in after if state not in known)
