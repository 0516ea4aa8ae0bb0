"""Events on a terminal: ended steps above, running ones with progress and time below. Never in a pipe."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TextIO

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from modpkg.cli.render import seconds
from modpkg.cli.sinks import progress_of
from modpkg.events import Event, Output, Progress, Sink, StepFinished, StepSkipped, StepStarted, Warned

if TYPE_CHECKING:
    from collections.abc import Iterator

BAR_WIDTH: Final = 24
LINE_WIDTH: Final = 60
REFRESHES_A_SECOND: Final = 8


@dataclass(slots=True)
class RunningStep:
    """A step that has begun: how deep it lies in others, since when, how far, what was last written in it.

    One that only its progress told of is `implied`, and ends when that is complete.
    """

    depth: int
    thread: int
    since: float
    progress: Progress | None = None
    line: str = ""
    implied: bool = False
    spinner: Spinner = field(default_factory=lambda: Spinner("dots"))


@dataclass(slots=True)
class LiveSink:
    """Shows events on a rich console."""

    console: Console
    verbose: bool = False
    running: dict[str, RunningStep] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __call__(self, event: Event) -> None:
        """Take one event."""
        with self.lock:
            match event:
                case StepStarted():
                    self._start(event.step)
                case StepFinished() | StepSkipped():
                    self._end(event)
                case Progress():
                    self._progress(event)
                case Output():
                    self._output(event)
                case Warned():
                    self._warn(event)

    def _start(self, name: str, *, implied: bool = False) -> None:
        # A step lies inside those that its own thread has begun; steps of other threads stand beside it.
        thread = threading.get_ident()
        depth = sum(step.thread == thread for step in self.running.values())
        self.running[name] = RunningStep(depth=depth, thread=thread, since=time.monotonic(), implied=implied)

    def _progress(self, event: Progress) -> None:
        if event.step not in self.running:
            self._start(event.step, implied=True)
        self.running[event.step].progress = event
        if self.running[event.step].implied and 0 < event.total <= event.done:
            del self.running[event.step]

    def _end(self, event: StepFinished | StepSkipped) -> None:
        step = self.running.pop(event.step, None)
        indent = "  " * (step.depth if step else 0)
        if isinstance(event, StepFinished):
            line = Text.assemble(
                indent,
                ("✓ ", "green"),
                event.step,
                (f"  {seconds(event.seconds)}", "cyan"),
                _dim(event.reason),
            )
        else:
            line = Text.assemble(indent, ("- ", "dim"), event.step, _dim(event.reason))
        self.console.print(line)

    def _output(self, event: Output) -> None:
        if self.verbose:
            self.console.print(Text(event.line), soft_wrap=True)
        elif self.running:
            next(reversed(self.running.values())).line = event.line

    def _warn(self, event: Warned) -> None:
        hint = f"\n  hint: {event.hint}" if event.hint else ""
        self.console.print(Text.assemble(("warning: ", "bold yellow"), event.message, hint), soft_wrap=True)

    def view(self) -> Table:
        """Give the running steps as they are now."""
        table = Table.grid(padding=(0, 1))
        with self.lock:
            for name, step in self.running.items():
                table.add_row(step.spinner, Text("  " * step.depth + name), _bar(step), _last(step))
        return table


def _dim(reason: str) -> tuple[str, str]:
    return (f"  {reason}" if reason else "", "dim")


def _bar(step: RunningStep) -> ProgressBar | Text:
    if step.progress and step.progress.total:
        return ProgressBar(total=step.progress.total, completed=step.progress.done, width=BAR_WIDTH)
    return Text("")


def _last(step: RunningStep) -> Text:
    elapsed = seconds(time.monotonic() - step.since)
    words = progress_of(step.progress) if step.progress else step.line[:LINE_WIDTH]
    return Text.assemble((elapsed, "cyan"), (f"  {words}" if words else "", "dim"))


@contextmanager
def live_sink(stream: TextIO, *, verbose: bool) -> Iterator[Sink]:
    """Give a sink that shows events on a terminal while the block runs."""
    console = Console(file=stream, highlight=False, markup=False)
    sink = LiveSink(console, verbose=verbose)
    with Live(
        console=console,
        get_renderable=sink.view,
        refresh_per_second=REFRESHES_A_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ):
        yield sink
