"""Nodes as they change: lines in a pipe, objects for programs, a table on a terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import time
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from modpkg.cli.watch import NodesWatch, table_of
from modpkg.errors import BadInputError
from modpkg.node.event_text import parse_report
from modpkg.node.state import NodeState, state_of
from tests.support.reports import UP, body, boot_id, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = 1_800_000_000.0
FAILED = "modpkg: 9.00 verify failed [bold]a byte[/bold]"


def state(node: str, *lines: str) -> NodeState:
    return state_of(node, parse_report(body(boot_id(), *lines), at=AT), now=AT)


def steps() -> Iterator[tuple[NodeState, ...]]:
    first, second = state("n1", *lines_of("fetch")), state("n2")
    yield (first, second)
    yield (first, second)
    yield (first, state("n2", *lines_of("fetch")[:1]))
    yield (state("n1", f"modpkg: 20.00 multi-user end {UP}"), state("n2", FAILED))


def test_in_a_pipe_the_table_comes_once_and_then_a_line_a_change() -> None:
    stream = io.StringIO()
    assert NodesWatch(steps()).show("text", stream)
    lines = stream.getvalue().splitlines()
    assert lines[3] == "2 nodes: 1 unknown, 1 booting"
    assert [re.sub(r"^[0-9:]{8}  ", "", line) for line in lines[4:]] == [
        "n2  booting: fetch  1.00 s",
        "n1  up  20.0 s  307 MB",
        "n2  failed: verify: [bold]a byte[/bold]  9.00 s",
    ]


def test_programs_get_an_object_a_line() -> None:
    stream = io.StringIO()
    assert NodesWatch(steps()).show("json-lines", stream)
    found = [json.loads(line)["result"] for line in stream.getvalue().splitlines()]
    assert [(one["node"], one["state"]) for one in found] == [
        ("n1", "booting"),
        ("n2", "unknown"),
        ("n2", "booting"),
        ("n1", "up"),
        ("n2", "failed"),
    ]


def test_one_json_value_cannot_go_on() -> None:
    with pytest.raises(BadInputError, match="cannot watch as json"):
        NodesWatch(steps()).show("json", io.StringIO())


def test_it_ends_when_nobody_reads() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        assert not NodesWatch(steps()).show("text", stream)


def test_the_table_has_what_needs_a_look_first_and_takes_nothing_for_markup() -> None:
    console = Console(file=io.StringIO(), width=100)
    nodes = (
        state("n1", f"modpkg: 20.00 multi-user end {UP}"),
        state("n2", *lines_of("fetch")),
        state("n3", FAILED),
    )
    console.print(table_of(nodes))
    assert isinstance(console.file, io.StringIO)
    lines = [line.split() for line in console.file.getvalue().splitlines()]
    assert [line[0] for line in lines if line] == ["3", "node", "n3", "n2", "n1"]
    assert "[bold]a" in lines[2]


def test_on_a_terminal_the_table_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    main, end = pty.openpty()
    with os.fdopen(end, "w") as stream:
        assert NodesWatch(steps()).show("text", stream)
        stream.flush()
        time.sleep(0.05)
        drawn = os.read(main, 65536).decode()
    os.close(main)
    found = re.findall("2 nodes: [a-z0-9, ]*[a-z]", drawn)
    # The last one is drawn once more at the end.
    assert found[:4] == [
        "2 nodes: 1 unknown, 1 booting",
        "2 nodes: 1 unknown, 1 booting",
        "2 nodes: 2 booting",
        "2 nodes: 1 failed, 1 up",
    ]
    assert "\x1b[1A" in drawn
