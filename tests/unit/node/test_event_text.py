"""Reports as they come over the network: what is taken of them, and how little hostile ones can do."""

import json
import math

import pytest

from modpkg.node.event_text import (
    MAX_LINE_CHARACTERS,
    MAX_LINES,
    BootLog,
    ReportError,
    event_line,
    head_line,
    name_and_version,
    parse_log,
    parse_report,
)
from tests.support.reports import IMAGE, body, boot_id, lines_of

BOOT = "0b0a7c1e-93d5-4a55-8c0b-52c1a6f1a001"


def test_a_report_is_its_boot_and_its_lines() -> None:
    data = body(BOOT, "modpkg: 3.50 fetch start", "modpkg: 4.25 fetch end 12 bytes from http://a/b")
    log = parse_report(data, at=100.0)
    assert (log.boot, log.image) == (BOOT, IMAGE)
    told = [(event.seconds, event.stage, event.state, event.detail, event.at) for event in log.events]
    assert told == [
        (3.5, "fetch", "start", "", 100.0),
        (4.25, "fetch", "end", "12 bytes from http://a/b", 100.0),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"modpkg: 1.00 fetch start\n",
        b"modpkg-boot: ../../etc/passwd x\n",
        b"modpkg-boot: 0B0A7C1E-93D5-4A55-8C0B-52C1A6F1A001 x\n",
        f"modpkg-boot: {BOOT}/.. x\n".encode(),
        f" modpkg-boot: {BOOT} x\n".encode(),
        b"\xff\xfe\x00",
    ],
)
def test_a_report_without_a_boot_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError, match="the first line is not"):
        parse_report(data, at=0.0)


@pytest.mark.parametrize("image", ["../../x", "x" * 201, "a b", "\x1b[2J", ""])
def test_an_image_that_is_no_folder_is_unknown(image: str) -> None:
    assert parse_report(body(BOOT, image=image), at=0.0).image == ""


def test_what_is_booted_from_elsewhere_has_no_version() -> None:
    assert parse_report(body(BOOT, image="10.0.2.2:8080"), at=0.0).image == "10.0.2.2:8080"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "modpkg: 1.0 Fetch start",
        "modpkg: 1.0 fetch began",
        "modpkg: 1 fetch start",
        "modpkg: -1.0 fetch start",
        f"modpkg: {'9' * 400}.0 fetch start",
        "modpkg: nan fetch start",
        "modpkg: 1.0 ../x start",
        f"modpkg: 1.0 {'x' * 41} start",
        "xmodpkg: 1.0 fetch start",
    ],
)
def test_a_line_of_another_form_is_left_out(line: str) -> None:
    (event,) = parse_report(body(BOOT, line, "modpkg: 2.00 verify start"), at=0.0).events
    assert event.stage == "verify"
    assert math.isfinite(event.seconds)


def test_what_would_steer_a_terminal_is_made_harmless() -> None:
    line = "modpkg: 2.00 fetch failed \x1b[2J\x07red\u202egnp\u0085"
    (event,) = parse_report(body(BOOT, line), at=0.0).events
    assert event.detail == "?[2J?red?gnp?"


def test_long_lines_are_cut_and_many_lines_are_not_read() -> None:
    long = "modpkg: 2.00 fetch end " + "x" * 5000
    events = parse_report(body(BOOT, *[long] * (MAX_LINES + 10)), at=0.0).events
    assert len(events) == MAX_LINES
    assert len(events[0].detail) < MAX_LINE_CHARACTERS
    # What is new comes last.
    lines = [f"modpkg: {second}.00 fetch end" for second in range(MAX_LINES + 10)]
    assert parse_report(body(BOOT, *lines), at=0.0).events[-1].seconds == MAX_LINES + 9


def test_a_log_is_read_as_it_was_written() -> None:
    log = parse_report(
        body(BOOT, *lines_of("network", "fetch"), 'modpkg: 9.00 verify failed äöü \\ "'), at=5.125
    )
    data = "".join([head_line(log), *map(event_line, log.events)]).encode()
    assert parse_log(data) == log
    assert all(isinstance(json.loads(line), dict) for line in data.splitlines())


@pytest.mark.parametrize("length", range(0, 400, 7))
def test_a_torn_log_is_read_up_to_where_it_is_whole(length: int) -> None:
    log = parse_report(body(BOOT, *lines_of("network", "fetch")), at=5.0)
    data = "".join([head_line(log), *map(event_line, log.events)]).encode()
    found = parse_log(data[:length])
    assert found.events == log.events[: len(found.events)]
    assert len(found.events) >= data[:length].count(b"\n") - 1


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b"3",
        b'"x"',
        b"null",
        b'{"at": "x"}',
        b'{"at": 1, "seconds": null}',
        b'{"at": 1e300, "seconds": 1, "stage": "a", "state": "end", "detail": ""}',
        b'{"at": 1, "seconds": NaN, "stage": "a", "state": "end", "detail": ""}',
        b"\xff\xff",
        b"{" * 5000,
    ],
)
def test_a_line_of_a_log_that_is_none_is_left_out(line: bytes) -> None:
    log = parse_report(body(BOOT, *lines_of("fetch")), at=5.0)
    lines = [head_line(log).encode(), line + b"\n", *(event_line(event).encode() for event in log.events)]
    assert parse_log(b"".join(lines)) == log


def test_an_empty_log_is_one_of_an_unknown_boot() -> None:
    assert parse_log(b"") == BootLog(boot="", image="", events=())


@pytest.mark.parametrize(
    ("folder", "found"),
    [
        (IMAGE, ("compute", "12.0.3-67.bcdfghjklm")),
        ("", ("", "")),
        ("10.0.2.2:4001", ("", "")),
        ("compute_12", ("", "")),
    ],
)
def test_the_folder_of_an_image_tells_its_version(folder: str, found: tuple[str, str]) -> None:
    assert name_and_version(folder) == found


def test_boot_ids_of_kernels_are_known() -> None:
    assert parse_report(body(boot_id()), at=0.0).events == ()
