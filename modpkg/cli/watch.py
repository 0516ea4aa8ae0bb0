"""Nodes as they change: one table that is drawn anew on a terminal, a line a change in a pipe."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Final, TextIO

from modpkg.cli.render import to_data
from modpkg.cli.results.node_states import line_of, nodes_result, summary_of
from modpkg.cli.streams import has_reader, write_line
from modpkg.errors import BadInputError
from modpkg.pipeline.watch_nodes import changed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.table import Table

    from modpkg.cli.options import Output
    from modpkg.node.state import NodeState

STYLES: Final = {"failed": "bold red", "silent": "yellow", "booting": "cyan", "unknown": "dim", "up": "green"}


@dataclass(frozen=True, slots=True)
class NodesWatch:
    """The states of all nodes, given again and again."""

    states: Iterator[tuple[NodeState, ...]]

    def show(self, output: Output, stream: TextIO) -> bool:
        """Show states until there are no more, or nobody reads; tell whether there still is a reader."""
        if output == "json":
            what = "cannot watch as json: that is one value, and a watch does not end"
            raise BadInputError(
                what, where="--output", hint="--output json-lines gives a line for each change"
            )
        if output == "text" and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb":
            _draw(self.states, stream)
            return True
        # Nodes may stay as they are for hours: a reader that went away is seen before there is a line for it.
        read = takewhile(lambda _: has_reader(stream), self.states)
        written = all(write_line(stream, line) for line in _lines(read, output))
        return written and has_reader(stream)


def _lines(states: Iterable[tuple[NodeState, ...]], output: Output) -> Iterator[str]:
    before: tuple[NodeState, ...] | None = None
    for now in states:
        if output == "json-lines":
            new = now if before is None else changed(before, now)
            yield from (json.dumps({"result": to_data(state)}) for state in new)
        elif before is None:
            yield nodes_result(now).as_text()
        else:
            yield from map(change_line, changed(before, now))
        before = now


def change_line(state: NodeState) -> str:
    """Give the line for a node whose state changed, with the time."""
    line = line_of(state)
    return "  ".join(
        filter(None, [f"{time.strftime('%H:%M:%S')}", line.node, line.state, line.seconds, line.memory])
    )


def table_of(states: tuple[NodeState, ...]) -> Table:
    """Give a table of rich: what needs a look comes first, as a screen holds a part of a big cluster."""
    from rich.table import Table  # noqa: PLC0415 - rich is loaded only where it shows
    from rich.text import Text  # noqa: PLC0415

    order = list(STYLES)
    table = Table(box=None, pad_edge=False, title=summary_of(states), title_justify="left")
    for name in ("node", "image", "state", "seconds", "memory"):
        table.add_column(
            name, justify="right" if name in {"seconds", "memory"} else "left", no_wrap=name == "node"
        )
    for state in sorted(states, key=lambda state: (order.index(state.state), state.node)):
        line = line_of(state)
        # As text: what a node told is no markup.
        cells = [line.node, line.image, line.state, line.seconds, line.memory]
        styles = ["", "", STYLES[state.state], "", ""]
        table.add_row(*(Text(cell, style) for cell, style in zip(cells, styles, strict=True)))
    return table


def _draw(states: Iterator[tuple[NodeState, ...]], stream: TextIO) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415

    console = Console(file=stream, highlight=False, markup=False)
    with Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
        for now in states:
            live.update(table_of(now), refresh=True)
