"""`modpkg nodes` in a process of its own, as an operator runs it, beside a receiver that takes reports."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.host.run import run, running
from modpkg.node.receiver import receiving
from tests.support.reports import STAGES, UP, body, boot_id, head_with, lines_of, mac_of, post

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.programs
CODE = "from modpkg.cli.start import main; main()"
CHECKOUT = Path(__file__).parents[3]


def words(work: Path, *more: str) -> list[str]:
    # A shell starts its background jobs, such as a whole run of tests, with SIGINT ignored.
    return ["env", "--default-signal=INT", sys.executable, "-c", CODE, "nodes", "--work", str(work), *more]


def wait_for(condition: Callable[[], bool], lines: list[str]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, lines
        time.sleep(0.05)


def test_a_boot_is_watched_until_the_operator_ends_it(tmp_path: Path) -> None:
    places, boot, lines = head_with(tmp_path / "head", 2), boot_id(), list[str]()
    all_lines = [*lines_of(*STAGES), f"modpkg: 23.41 multi-user end {UP}a.service"]
    with receiving(places), running(words(tmp_path, "--watch"), on_line=lines.append, cwd=CHECKOUT) as child:
        wait_for(lambda: any("2 nodes: 2 unknown" in line for line in lines), lines)
        post(places.socket, mac_of(1), body(boot, *all_lines[:8]))
        wait_for(lambda: any("n1  booting: fetch" in line for line in lines), lines)
        post(places.socket, mac_of(1), body(boot, *all_lines))
        wait_for(
            lambda: any("n1  up; 1 unit failed: a.service  23.4 s  307 MB" in line for line in lines), lines
        )
        child.send_signal(signal.SIGINT)
        assert child.wait(30) == 130
    assert not any("Traceback" in line for line in lines)


def test_each_change_is_an_object_for_programs(tmp_path: Path) -> None:
    places, lines = head_with(tmp_path / "head", 1), list[str]()
    command = words(tmp_path, "--watch", "--output", "json-lines")
    with receiving(places), running(command, on_line=lines.append, cwd=CHECKOUT) as child:
        wait_for(lambda: len(lines) == 1, lines)
        post(places.socket, mac_of(0), body(boot_id(), "modpkg: 9.00 verify failed a byte"))
        wait_for(lambda: len(lines) == 2, lines)
        child.terminate()
        child.wait(30)
    found = [json.loads(line)["result"] for line in lines[:2]]
    assert [(one["state"], one["reason"]) for one in found] == [("unknown", ""), ("failed", "a byte")]


def test_the_events_of_a_node_are_told_and_faults_are_bad_input(tmp_path: Path) -> None:
    places, boot = head_with(tmp_path / "head", 1), boot_id()
    with receiving(places):
        post(places.socket, mac_of(0), body(boot, *lines_of("network")))
    told = run(words(tmp_path, "--node", "n0"), cwd=CHECKOUT)
    assert told.stdout.splitlines()[0].endswith(f"compute 12.0.3-67.bcdfghjklm  boot {boot}")
    data = json.loads(run(words(tmp_path, "--node", "n0", "--output", "json"), cwd=CHECKOUT).stdout)
    assert [event["state"] for event in data["boots"][0]["events"]] == ["start", "end"]
    for more in (["--node", "n7"], ["--watch", "--output", "json"]):
        ended = run(words(tmp_path, *more), cwd=CHECKOUT, check=False)
        assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
    ended = run(words(tmp_path / "none"), cwd=CHECKOUT, check=False)
    assert (ended.returncode, ended.stderr.splitlines()[-1].strip()) == (1, "hint: make it: modpkg head")


def test_a_reader_that_has_seen_enough_ends_a_watch(tmp_path: Path) -> None:
    head_with(tmp_path / "head", 3)
    shell = f"{' '.join(map(repr, words(tmp_path, '--watch')))} | head -n 1"
    places = os.fspath(tmp_path)
    assert run(["timeout", "60", "sh", "-c", f"( {shell} ) && echo {places}"], cwd=CHECKOUT).stdout.endswith(
        f"{places}\n"
    )
