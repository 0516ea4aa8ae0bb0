"""Event logs on the disk: nothing twice, nothing lost, bounds kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.node.event_log import KEPT_BOOTS, MAX_LOG_BYTES, EventLogs, read_log
from modpkg.node.event_text import ReportError, parse_report
from tests.support.reports import STAGES, body, boot_id, lines_of

if TYPE_CHECKING:
    from pathlib import Path

AT = 1_800_000_000.0


def test_reports_that_hold_those_before_them_make_one_log(tmp_path: Path) -> None:
    logs, boot, lines = EventLogs(tmp_path), boot_id(), lines_of(*STAGES)
    new = [
        len(logs.add("n1", parse_report(body(boot, *lines[:count]), at=AT + count)))
        for count in (2, 6, 4, len(lines), len(lines))
    ]
    assert new == [2, 4, 0, len(lines) - 6, 0]
    (log,) = logs.newest("n1", 5)
    assert [event.stage for event in log.events][::2] == list(STAGES)
    assert [event.at - AT for event in log.events[:7]] == [2, 2, 6, 6, 6, 6, len(lines)]
    (path,) = logs.paths("n1")
    assert len(path.read_bytes().splitlines()) == len(lines) + 1


def test_a_line_that_comes_twice_in_one_report_is_kept_once(tmp_path: Path) -> None:
    logs = EventLogs(tmp_path)
    assert len(logs.add("n1", parse_report(body(boot_id(), *["modpkg: 1.00 fetch start"] * 3), at=AT))) == 1


def test_the_name_of_a_log_says_when_the_boot_began(tmp_path: Path) -> None:
    logs, boot = EventLogs(tmp_path), boot_id()
    logs.add("n1", parse_report(body(boot, "modpkg: 60.00 fetch start"), at=AT))
    (path,) = logs.paths("n1")
    assert path == tmp_path / "n1" / f"20270115T075900Z_{boot}.jsonl"


@pytest.mark.parametrize("cut", [1, 5, 40, 90])
def test_what_a_killed_writer_left_is_no_fault_and_is_made_up(tmp_path: Path, cut: int) -> None:
    logs, boot, lines = EventLogs(tmp_path), boot_id(), lines_of(*STAGES)
    logs.add("n1", parse_report(body(boot, *lines[:4]), at=AT))
    (path,) = logs.paths("n1")
    path.write_bytes(path.read_bytes()[:-cut])
    logs.add("n1", parse_report(body(boot, *lines), at=AT))
    told = [(event.seconds, event.stage, event.state) for event in read_log(path).events]
    assert len(told) == len(set(told)) == len(lines)


def test_the_newest_boots_of_a_node_are_kept(tmp_path: Path) -> None:
    logs = EventLogs(tmp_path)
    boots = [boot_id() for _ in range(KEPT_BOOTS + 5)]
    for number, boot in enumerate(boots):
        for node in ("n1", "n2"):
            logs.add(node, parse_report(body(boot, "modpkg: 1.00 fetch start"), at=AT + 100 * number))
    for node in ("n1", "n2"):
        assert [log.boot for log in logs.newest(node, 100)] == boots[-KEPT_BOOTS:]
    assert [log.boot for log in logs.newest("n1", 2)] == boots[-2:]


def test_a_boot_is_kept_even_if_the_clock_was_set_back(tmp_path: Path) -> None:
    logs, last = EventLogs(tmp_path), boot_id()
    for number in range(KEPT_BOOTS):
        logs.add("n1", parse_report(body(boot_id(), "modpkg: 1.00 fetch start"), at=AT + 100 * number))
    logs.add("n1", parse_report(body(last, "modpkg: 1.00 fetch start"), at=AT - 5000))
    logs.add("n1", parse_report(body(last, "modpkg: 2.00 fetch end"), at=AT - 5000))
    found = [log for log in logs.newest("n1", 100) if log.boot == last]
    assert [len(log.events) for log in found] == [2]


def test_a_log_is_bounded_and_says_so(tmp_path: Path) -> None:
    logs, boot = EventLogs(tmp_path), boot_id()
    report = parse_report(
        body(boot, *(f"modpkg: {number}.00 fetch end {'x' * 900}" for number in range(200))), at=AT
    )
    logs.add("n1", report)
    more = parse_report(
        body(boot, *(f"modpkg: {number}.00 fetch end {'x' * 900}" for number in range(300))), at=AT
    )
    with pytest.raises(ReportError, match="would be larger than"):
        logs.add("n1", more)
    assert len(logs.newest("n1", 1)[0].events) == 200
    (path,) = logs.paths("n1")
    assert path.stat().st_size <= MAX_LOG_BYTES


def test_a_link_in_the_place_of_a_log_is_not_followed(tmp_path: Path) -> None:
    logs, boot = EventLogs(tmp_path / "events"), boot_id()
    target = tmp_path / "target"
    target.write_text("mine\n")
    (tmp_path / "events/n1").mkdir(parents=True)
    (tmp_path / "events/n1" / f"20260101T000000Z_{boot}.jsonl").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        logs.add("n1", parse_report(body(boot, "modpkg: 1.00 fetch start"), at=AT))
    assert target.read_text() == "mine\n"


def test_nodes_that_told_nothing_have_no_logs(tmp_path: Path) -> None:
    assert EventLogs(tmp_path / "none").newest("n1", 3) == []
    assert read_log(tmp_path / "gone").events == ()
