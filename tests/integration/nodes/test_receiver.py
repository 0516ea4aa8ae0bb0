"""The receiver of reports, asked over real sockets: by real clients, by a thousand at once, by hostile ones, killed."""

from __future__ import annotations

import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.events import Event, Output
from modpkg.host.run import run, running
from modpkg.node.event_log import EventLogs
from modpkg.node.receiver import MAX_REPORT_BYTES, receiving
from modpkg.pipeline.watch_nodes import NodeStates
from tests.support.reports import STAGES, UP, body, boot_id, head_with, lines_of, mac_of, post

if TYPE_CHECKING:
    from modpkg.node.head import HeadPlaces

pytestmark = pytest.mark.programs
CHECKOUT = Path(__file__).parents[3]
PROGRAM = """
import sys, time
from pathlib import Path
from modpkg.node.head import HeadPlaces
from modpkg.node.receiver import receiving
with receiving(HeadPlaces(Path(sys.argv[1]))):
    print("ready", flush=True)
    time.sleep(600)
"""


def test_what_nodes_report_is_kept_and_told(tmp_path: Path) -> None:
    places, boot, events = head_with(tmp_path, 2), boot_id(), list[Event]()
    with receiving(places, sink=events.append):
        for count in (2, 8, 8, 14):
            assert post(places.socket, mac_of(1), body(boot, *lines_of(*STAGES)[:count])) == (204, "")
        (state, other) = NodeStates(tmp_path).now()
        assert (other.node, other.state, other.stage) == ("n1", "booting", "hand-over")
        assert state.state == "unknown"
        up = f"modpkg: 30.00 multi-user end {UP}"
        assert post(places.socket, mac_of(1), body(boot, *lines_of(*STAGES), up))[0] == 204
    assert NodeStates(tmp_path).now()[1].state == "up"
    lines = [event.line for event in events if isinstance(event, Output)]
    assert lines[0] == "n1: 1.00 s mounts start"
    assert len(lines) == 15
    assert not places.socket.exists()


def test_real_clients_are_answered(tmp_path: Path) -> None:
    places, boot = head_with(tmp_path / "h", 1), boot_id()
    report = tmp_path / "report"
    report.write_bytes(body(boot, *lines_of("network", "fetch")))
    with receiving(places):
        words = ["curl", "--silent", "--show-error", "--fail", "--unix-socket", places.socket]
        words += ["--data-binary", f"@{report}", "--write-out", "%{http_code}"]
        assert run([*words, f"http://head/event/{mac_of(0)}"]).stdout == "204"
        answer = run([*words, f"http://head/event/{mac_of(7)}"], check=False)
        assert (answer.returncode, answer.stdout) == (22, "404")
        chunked = run(
            [*words, "--header", "Transfer-Encoding: chunked", f"http://head/event/{mac_of(0)}"], check=False
        )
        assert chunked.stdout == "411"
    (log,) = EventLogs(places.events).newest("n0", 5)
    assert [event.stage for event in log.events] == ["network", "network", "fetch", "fetch"]


def test_a_thousand_nodes_at_once_lose_nothing(tmp_path: Path) -> None:
    count = 1000
    places = head_with(tmp_path, count)
    boots, lines = [boot_id() for _ in range(count)], lines_of(*STAGES)
    with receiving(places):
        waiting = [socket.socket(socket.AF_UNIX) for _ in range(count)]
        # All are connected before the first one is asked for anything.
        for one in waiting:
            one.settimeout(60)
            one.connect(str(places.socket))
        for number, one in enumerate(waiting):
            data = body(boots[number], *lines)
            head = f"POST /event/{mac_of(number)} HTTP/1.0\r\nContent-Length: {len(data)}\r\n\r\n"
            one.sendall(head.encode() + data)
        answers = [one.recv(4096).split(b"\r\n")[0] for one in waiting]
        for one in waiting:
            one.close()
    assert set(answers) == {b"HTTP/1.0 204 No Content"}
    logs = EventLogs(places.events)
    for number, boot in enumerate(boots):
        (log,) = logs.newest(f"n{number}", 5)
        assert (log.boot, len(log.events)) == (boot, len(lines))
    started = time.monotonic()
    states = NodeStates(tmp_path)
    assert {state.stage for state in states.now()} == {"hand-over"}
    assert time.monotonic() - started < 10


def test_reports_of_one_boot_that_overtake_each_other_make_one_log(tmp_path: Path) -> None:
    places, boot, lines = head_with(tmp_path, 1), boot_id(), lines_of(*STAGES)
    with receiving(places), ThreadPoolExecutor(16) as pool:
        bodies = [body(boot, *lines[: count + 1]) for count in range(len(lines))]
        answers = list(
            pool.map(lambda data: post(places.socket, mac_of(0), data)[0], [*bodies, *bodies[::-1]])
        )
    assert set(answers) == {204}
    (log,) = EventLogs(places.events).newest("n0", 5)
    assert len(log.events) == len(lines)


HOSTILE = {
    "a stranger": (f"/event/{mac_of(9)}", b"", 404),
    "a path above": ("/event/../../etc/passwd", b"", 404),
    "a path above, escaped": ("/event/%2e%2e%2f%2e%2e%2fx", b"", 404),
    "a MAC in capitals": (f"/event/{mac_of(0).replace('5', 'A')}", b"", 404),
    "a MAC and more": (f"/event/{mac_of(0)}/x", b"", 404),
    "a MAC and a line": (f"/event/{mac_of(0)}%0a", b"", 404),
    "another path": ("/", b"", 404),
    "nothing": (f"/event/{mac_of(0)}", b"", 400),
    "no boot": (f"/event/{mac_of(0)}", b"x" * 1000, 400),
    "a boot that is a path": (f"/event/{mac_of(0)}", b"modpkg-boot: ../../../../x y\n", 400),
    "too much": (f"/event/{mac_of(0)}", b"x" * (MAX_REPORT_BYTES + 1), 413),
    "no text": (f"/event/{mac_of(0)}", bytes(range(256)) * 100, 400),
}


def raw(places: HeadPlaces, data: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(30)
        one.connect(str(places.socket))
        one.sendall(data)
        one.shutdown(socket.SHUT_WR)
        return one.recv(4096)


def test_hostile_requests_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    places = head_with(tmp_path / "head", 1)
    with receiving(places):
        found = {}
        for name, (path, data, _) in HOSTILE.items():
            head = f"POST {path} HTTP/1.0\r\nContent-Length: {len(data)}\r\n\r\n".encode()
            # Only what the head may read: the rest of too much would break the pipe.
            found[name] = int(raw(places, head + data[:4096]).split()[1])
        assert found == {name: status for name, (_, _, status) in HOSTILE.items()}
        lengths = [b"", b"-1", b"1e3", b"0x10", b"9" * 30, b"\xb2"]
        start = f"POST /event/{mac_of(0)} HTTP/1.0\r\n".encode()
        for length in lengths:
            assert raw(places, start + b"Content-Length: " + length + b"\r\n\r\nx").split()[1] == b"411"
        assert raw(places, start + b"\r\n").split()[1] == b"411"
        assert raw(places, start + b"Content-Length: 500\r\n\r\nx").split()[1] == b"400"
        assert raw(places, b"GET / HTTP/1.0\r\n\r\n").split()[1] == b"501"
        raw(places, b"\x00\xff" * 500 + b"\r\n\r\n")
        assert not places.events.exists()
        assert sorted(path.name for path in tmp_path.iterdir()) == ["head"]
        assert post(places.socket, mac_of(0), body(boot_id(), *lines_of("fetch")))[0] == 204


def test_one_that_says_nothing_does_not_keep_others_waiting(tmp_path: Path) -> None:
    places = head_with(tmp_path, 1)
    with receiving(places):
        idle = [socket.socket(socket.AF_UNIX) for _ in range(50)]
        for one in idle:
            one.connect(str(places.socket))
            one.sendall(b"POST /ev")
        started = time.monotonic()
        assert post(places.socket, mac_of(0), body(boot_id(), *lines_of("fetch")))[0] == 204
        assert time.monotonic() - started < 5
        for one in idle:
            one.close()


def test_a_full_disk_is_told_and_the_next_report_makes_up(tmp_path: Path) -> None:
    places, boot = head_with(tmp_path, 1), boot_id()
    places.events.write_text("a file in the place of the folder")
    with receiving(places):
        status, said = post(places.socket, mac_of(0), body(boot, *lines_of("network")))
        assert (status, said) == (507, "cannot keep it: Not a directory\n")
        places.events.unlink()
        assert post(places.socket, mac_of(0), body(boot, *lines_of("network", "fetch")))[0] == 204
    (log,) = EventLogs(places.events).newest("n0", 5)
    assert len(log.events) == 4


def test_a_receiver_that_is_killed_loses_nothing_that_it_took(tmp_path: Path) -> None:
    nodes = 8
    places = head_with(tmp_path, nodes)
    taken: dict[int, list[str]] = {number: [] for number in range(nodes)}
    boots = [boot_id() for _ in range(nodes)]
    stop = threading.Event()

    def report(number: int) -> None:
        # One line a report: what one says, no other repeats.
        for count in range(100_000):
            if stop.is_set():
                return
            line = f"modpkg: {count}.00 fetch end {count}"
            try:
                if post(places.socket, mac_of(number), body(boots[number], line))[0] == 204:
                    taken[number].append(str(count))
            except (OSError, ValueError):
                time.sleep(0.01)

    with ThreadPoolExecutor(nodes) as pool:
        jobs = [pool.submit(report, number) for number in range(nodes)]
        for _ in range(3):
            lines: list[str] = []
            with running(
                [sys.executable, "-c", PROGRAM, tmp_path],
                on_line=lines.append,
                env={"PYTHONPATH": str(CHECKOUT)},
            ) as child:
                deadline = time.monotonic() + 60
                before = sum(map(len, taken.values()))
                while sum(map(len, taken.values())) < before + 100:
                    assert time.monotonic() < deadline, lines
                    time.sleep(0.02)
                child.kill()
                child.wait()
            assert places.socket.exists()
        stop.set()
        for job in jobs:
            job.result()
    logs = EventLogs(places.events)
    for number in range(nodes):
        (log,) = logs.newest(f"n{number}", 5)
        kept = {event.detail for event in log.events}
        assert set(taken[number]) <= kept
    with receiving(places):
        assert post(places.socket, mac_of(0), body(boots[0], "modpkg: 9.99 fetch end last"))[0] == 204


def test_a_path_that_is_too_long_for_a_socket_is_bad_input(tmp_path: Path) -> None:
    places = head_with(tmp_path / ("x" * 100), 1)
    with pytest.raises(BadInputError, match="more than 107 bytes"), receiving(places):
        pass
