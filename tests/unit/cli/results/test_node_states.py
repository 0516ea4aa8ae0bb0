"""How nodes and their boots are told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from modpkg.cli.render import to_data
from modpkg.cli.results.node_states import boots_result, nodes_result, words_of
from modpkg.node.event_text import parse_report
from modpkg.node.state import state_of
from tests.support.reports import UP, body, boot_id, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = 1_800_000_000.0


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def state(*lines: str, node: str = "n1", later: float = 1.0):  # noqa: ANN201 - as the function it calls
    return state_of(node, parse_report(body(boot_id(), *lines), at=AT), now=AT + later)


@pytest.mark.parametrize(
    ("lines", "later", "words"),
    [
        ([], 0, "unknown"),
        (lines_of("network"), 0, "booting: network"),
        (lines_of("network"), 1000, "silent since 2027-01-15 08:00:00: network"),
        (["modpkg: 9.00 verify failed the sha256 is 00"], 0, "failed: verify: the sha256 is 00"),
        (["modpkg: 9.00 verify failed"], 0, "failed: verify: no reason given"),
        ([f"modpkg: 9.00 multi-user end {UP}"], 0, "up"),
        ([f"modpkg: 9.00 multi-user end {UP}a.service"], 0, "up; 1 unit failed: a.service"),
        ([f"modpkg: 9.00 multi-user end {UP}a,b,c,d"], 0, "up; 4 units failed: a, b, c, ..."),
        (
            [f"modpkg: 9.00 multi-user end {UP}", "modpkg: 9.50 files failed no share"],
            0,
            "up; failed: files: no share",
        ),
    ],
)
def test_a_state_is_told_in_words(lines: list[str], later: float, words: str) -> None:
    assert words_of(state(*lines, later=later)) == words


def test_the_table_has_a_line_a_node_and_counts_them() -> None:
    up = f"modpkg: 23.41 multi-user end {UP}"
    result = nodes_result((state(up, node="n1"), state(*lines_of("fetch"), node="login-1"), state(node="n2")))
    assert result.as_text().splitlines() == [
        "node     image                         state           seconds  memory",
        "n1       compute 12.0.3-67.bcdfghjklm  up              23.4 s   307 MB",
        "login-1  compute 12.0.3-67.bcdfghjklm  booting: fetch  1.50 s   -",
        "n2       compute 12.0.3-67.bcdfghjklm  unknown         -        -",
        "3 nodes: 1 unknown, 1 booting, 1 up",
    ]
    data = to_data(result)
    assert data["count"] == {"unknown": 1, "booting": 1, "silent": 0, "failed": 0, "up": 1}
    assert data["nodes"][0]["version"] == "12.0.3-67.bcdfghjklm"
    assert data["nodes"][0]["memory_mb"] == 307


def test_no_nodes_are_told_too() -> None:
    assert nodes_result(()).as_text().strip() == "no nodes"


def test_boots_are_told_event_by_event() -> None:
    boot = boot_id()
    log = parse_report(body(boot, *lines_of("network"), "modpkg: 12.00 fetch failed no address"), at=AT)
    text = boots_result("n1", [log, log]).as_text().split("\n\n")
    assert text[0] == text[1]
    assert text[0].splitlines() == [
        f"2027-01-15 07:59:48  compute 12.0.3-67.bcdfghjklm  boot {boot}",
        "    1.00 s  network      start",
        "    1.50 s  network      end",
        "   12.00 s  fetch        failed no address",
    ]
    assert boots_result("n1", []).as_text() == "n1 has told of no boot yet"
