import io
import json
import threading
from pathlib import Path

import pytest

from modpkg.cli.sinks import JsonLinesSink, LineWriter, PlainSink, line_of, open_sink
from modpkg.cli.streams import Streams
from modpkg.events import (
    Event,
    Output,
    Progress,
    StepFinished,
    StepSkipped,
    StepStarted,
    Warned,
    event_from_dict,
)

EVENTS: list[Event] = [
    StepStarted("install core", "the lock changed"),
    Output("apt-get", "Reading package lists..."),
    Progress("install core", 3, 120, "packages"),
    Warned("the archive moved on", "modpkg lock-platform bookworm"),
    StepFinished("install core", 61.26, 58.1, "the lock changed"),
    StepSkipped("pack core", "nothing changed"),
]
PLAIN = """\
install core: started (the lock changed)
warning: the archive moved on
  hint: modpkg lock-platform bookworm
install core: done in 61.3 s (the lock changed)
pack core: nothing to do (nothing changed)
"""
JSON_LINES = """\
{"event": "StepStarted", "step": "install core", "reason": "the lock changed"}
{"event": "Output", "program": "apt-get", "line": "Reading package lists..."}
{"event": "Progress", "step": "install core", "done": 3, "total": 120, "unit": "packages"}
{"event": "Warned", "message": "the archive moved on", "hint": "modpkg lock-platform bookworm"}
{"event": "StepFinished", "step": "install core", "seconds": 61.26, "cpu_seconds": 58.1, \
"reason": "the lock changed"}
{"event": "StepSkipped", "step": "pack core", "reason": "nothing changed"}
"""


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def streams(*, is_terminal: bool = False) -> Streams:
    return Streams(stdout=io.StringIO(), stderr=io.StringIO(), is_terminal=is_terminal)


def text(stream: object) -> str:
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def test_a_pipe_gets_plain_lines_on_standard_error() -> None:
    where = streams()
    with open_sink(where, output="text", verbose=False) as sink:
        for event in EVENTS:
            sink(event)
    assert text(where.stderr) == PLAIN
    assert text(where.stdout) == ""


def test_a_result_in_json_leaves_the_events_plain() -> None:
    where = streams()
    with open_sink(where, output="json", verbose=False) as sink:
        for event in EVENTS:
            sink(event)
    assert (text(where.stdout), text(where.stderr)) == ("", PLAIN)


def test_json_lines_are_on_standard_output_and_complete() -> None:
    where = streams(is_terminal=True)
    with open_sink(where, output="json-lines", verbose=False) as sink:
        for event in EVENTS:
            sink(event)
    assert text(where.stdout) == JSON_LINES
    assert text(where.stderr) == ""
    assert [event_from_dict(json.loads(line)) for line in JSON_LINES.splitlines()] == EVENTS


def test_what_programs_write_is_shown_when_asked_for() -> None:
    where = streams()
    with open_sink(where, output="text", verbose=True) as sink:
        sink(Output("apt-get", "Reading package lists..."))
    assert text(where.stderr) == "Reading package lists...\n"


def test_progress_is_told_at_most_once_in_five_seconds() -> None:
    stream, clock = io.StringIO(), Clock()
    sink = PlainSink(LineWriter(stream), clock=clock)
    sink(StepStarted("fetch"))
    for done in range(100):
        clock.now = 100.0 + done / 10
        sink(Progress("fetch", done * 1_000_000, 100_000_000, "bytes"))
    assert stream.getvalue().splitlines() == ["fetch: started", "fetch: 50.0 MB of 100.0 MB"]


def test_progress_of_one_step_does_not_hide_that_of_another() -> None:
    stream, clock = io.StringIO(), Clock()
    sink = PlainSink(LineWriter(stream), clock=clock)
    sink(Progress("a", 1, 9, "files"))
    sink(Progress("b", 1, 9, "files"))
    clock.now += 5
    sink(Progress("a", 2, 9, "files"))
    sink(Progress("b", 3, 0, "files"))
    assert stream.getvalue().splitlines() == ["a: 2 of 9 files", "b: 3 files"]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (StepStarted("a"), "a: started"),
        (StepFinished("a", 0.5, 0.4), "a: done in 0.50 s"),
        (Progress("a", 1500, 0, "bytes"), "a: 1.5 kB"),
        (Warned("careful"), "warning: careful"),
    ],
)
def test_what_is_unknown_leaves_no_trace_in_a_line(event: Event, line: str) -> None:
    assert line_of(event) == line


def test_a_sink_goes_on_when_its_reader_is_gone() -> None:
    class Gone(io.StringIO):
        writes = 0

        def write(self, _: str) -> int:
            Gone.writes += 1
            raise BrokenPipeError

    for sink in (PlainSink(LineWriter(Gone())), JsonLinesSink(LineWriter(Gone()))):
        for event in EVENTS:
            sink(event)
    assert Gone.writes == 2


def test_a_sink_goes_on_when_its_stream_is_closed() -> None:
    stream = io.StringIO()
    stream.close()
    PlainSink(LineWriter(stream))(EVENTS[0])


def test_lines_of_several_threads_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as stream:
        sink = JsonLinesSink(LineWriter(stream))

        def emit(step: str) -> None:
            for number in range(300):
                sink(Progress(step, number, 300, "files"))

        threads = [threading.Thread(target=emit, args=(letter * 50,)) for letter in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == 1200
    for letter in "abcd":
        done = [line["done"] for line in lines if line["step"] == letter * 50]
        assert done == list(range(300))


def test_a_terminal_gets_a_live_view() -> None:
    where = streams(is_terminal=True)
    with open_sink(where, output="text", verbose=False) as sink:
        for event in EVENTS:
            sink(event)
    shown = text(where.stderr)
    assert "✓ install core  61.3 s  the lock changed" in shown
    assert "- pack core  nothing changed" in shown
    assert "warning: the archive moved on" in shown
    assert text(where.stdout) == ""
