"""How events are shown: live on a terminal, plain lines in a pipe, JSON lines for programs.

A sink never raises: work goes on when nobody reads any more.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TextIO

from modpkg.cli.render import seconds, size
from modpkg.events import (
    Event,
    Output,
    Progress,
    Sink,
    StepFinished,
    StepSkipped,
    StepStarted,
    Warned,
    event_to_dict,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from modpkg.cli.options import Output as OutputMode
    from modpkg.cli.streams import Streams

PROGRESS_SECONDS: Final = 5.0


@dataclass(slots=True)
class LineWriter:
    """Writes whole lines from several threads, each at once, until the reader is gone."""

    stream: TextIO
    is_gone: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, line: str) -> None:
        """Write one line and flush it."""
        with self.lock:
            if self.is_gone:
                return
            try:
                self.stream.write(line + "\n")
                self.stream.flush()
            except (OSError, ValueError):
                # The reader went away, or the disk of a log is full: neither may end a build.
                self.is_gone = True


@dataclass(slots=True)
class PlainSink:
    """One line an event, without colours; progress at most once in five seconds."""

    writer: LineWriter
    verbose: bool = False
    clock: Callable[[], float] = time.monotonic
    told: dict[str, float] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        """Write the event's line, if it has one."""
        line = self._progress(event) if isinstance(event, Progress) else self._line(event)
        if line is not None:
            self.writer.write(line)

    def _line(self, event: Event) -> str | None:
        if isinstance(event, StepStarted):
            self.told[event.step] = self.clock()
        if isinstance(event, Output) and not self.verbose:
            return None
        return line_of(event)

    def _progress(self, event: Progress) -> str | None:
        now = self.clock()
        if now - self.told.setdefault(event.step, now) < PROGRESS_SECONDS:
            return None
        self.told[event.step] = now
        return line_of(event)


@dataclass(slots=True)
class JsonLinesSink:
    """One JSON object a line and event."""

    writer: LineWriter

    def __call__(self, event: Event) -> None:
        """Write the event."""
        self.writer.write(json.dumps(event_to_dict(event)))


def line_of(event: Event) -> str:
    """Give the plain words for an event."""
    match event:
        case StepStarted():
            return f"{event.step}: started{_reason(event.reason)}"
        case StepFinished():
            return f"{event.step}: done in {seconds(event.seconds)}{_reason(event.reason)}"
        case StepSkipped():
            return f"{event.step}: nothing to do{_reason(event.reason)}"
        case Progress():
            return f"{event.step}: {progress_of(event)}"
        case Output():
            return event.line
        case Warned():
            return f"warning: {event.message}" + (f"\n  hint: {event.hint}" if event.hint else "")


def _reason(reason: str) -> str:
    return f" ({reason})" if reason else ""


def progress_of(event: Progress) -> str:
    """Give how far a step is, in words."""
    if event.unit == "bytes":
        return f"{size(event.done)} of {size(event.total)}" if event.total else size(event.done)
    return f"{event.done} of {event.total} {event.unit}" if event.total else f"{event.done} {event.unit}"


@contextmanager
def open_sink(streams: Streams, *, output: OutputMode, verbose: bool) -> Iterator[Sink]:
    """Give the sink for a way to answer and the streams there are."""
    if output == "json-lines":
        yield JsonLinesSink(LineWriter(streams.stdout))
    elif streams.is_terminal:
        from modpkg.cli.live import live_sink  # noqa: PLC0415 - rich is loaded only where it shows

        with live_sink(streams.stderr, verbose=verbose) as sink:
            yield sink
    else:
        yield PlainSink(LineWriter(streams.stderr), verbose=verbose)
