"""Reports of any bytes in any order: no other error than the one, no line twice, none lost."""

import json
import math
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from modpkg.node.event_log import EventLogs
from modpkg.node.event_text import MAX_LINE_CHARACTERS, ReportError, parse_log, parse_report
from modpkg.node.state import state_of
from tests.support.reports import IMAGE, STAGES, body, lines_of

BOOT = "0b0a7c1e-93d5-4a55-8c0b-52c1a6f1a001"
LINES = lines_of(*STAGES)
LINE = st.one_of(
    st.text(max_size=60),
    st.builds(
        "modpkg: {} {} {} {}".format,
        st.one_of(st.floats(), st.integers(), st.just("1.00")),
        st.text(alphabet="abc-./A ", max_size=12),
        st.sampled_from(["start", "end", "failed", "x"]),
        st.text(max_size=40),
    ),
)


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_report_or_refused(data: bytes) -> None:
    for one in (data, f"modpkg-boot: {BOOT} ".encode() + data, body(BOOT) + data):
        try:
            log = parse_report(one, at=1.0)
        except ReportError:
            continue
        assert log.boot == BOOT


@given(st.lists(LINE, max_size=20), st.floats(min_value=0, max_value=2e9))
def test_what_is_taken_of_any_lines_is_whole_and_harmless(lines: list[str], at: float) -> None:
    log = parse_report(body(BOOT, *lines), at=at)
    for event in log.events:
        assert math.isfinite(event.seconds)
        assert event.stage.replace("-", "a").isalpha()
        assert event.state in {"start", "end", "failed"}
        assert len(event.detail) <= MAX_LINE_CHARACTERS
        assert event.detail.isprintable()
    json.dumps(state_of("n", log, now=at).memory_mb)


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_log(data: bytes) -> None:
    for event in parse_log(data).events:
        assert isinstance(event.stage, str)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(min_value=0, max_value=len(LINES)), min_size=1, max_size=8), st.data())
def test_reports_in_any_order_over_a_writer_that_is_killed_make_one_log(
    counts: list[int], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        logs = EventLogs(Path(name))
        for count in counts:
            logs.add("n", parse_report(body(BOOT, *LINES[:count]), at=1.0))
            (path,) = logs.paths("n")
            whole = path.read_bytes()
            path.write_bytes(whole[: data.draw(st.integers(min_value=0, max_value=len(whole)))])
        logs.add("n", parse_report(body(BOOT, *LINES[: max(counts)]), at=1.0))
        (log,) = logs.newest("n", 2)
        assert (log.boot, log.image) == (BOOT, IMAGE)
        told = sorted((event.seconds, event.stage, event.state) for event in log.events)
        assert len(told) == len(set(told)) == max(counts)
