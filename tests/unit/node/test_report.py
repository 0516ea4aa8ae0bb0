"""What is read out of a node's console and answers."""

import base64
import json
from pathlib import Path

import pytest

from modpkg.model.module import ModuleTest
from modpkg.node.report import (
    Answer,
    BootReport,
    judge,
    make_report,
    parse_answers,
    parse_stages,
    timeline_of,
    unanswered,
)

CONSOLE = """\
SeaBIOS (version 1.16.2)
Booting from ROM..modpkg: 1.80 mounts start
modpkg: 1.87 mounts end
[    1.871] modpkg: 1.87 mounts end
modpkg: 3.31 network end eth0 10.0.2.15/24
cannot fetch http://10.0.2.2/x: timed out
modpkg: 34.53 hand-over failed no address gave the image; the last one said: no
modpkg: is not a stage
vm login: modpkg: 40.00 check
"""
TESTS = {"core": (ModuleTest(name="init", run="x", stdout="^systemd [0-9]+$"),)}
FACTS = {
    "multi-user": "16185907\n",
    "startup": "Startup finished in 6.887s\n",
    "memory": "MemTotal:  1000000 kB\nMemAvailable:  600000 kB\n",
    "audit": "",
    "failed-units": "munge.service loaded failed failed MUNGE\nb.mount loaded failed failed x\n",
    "end": "",
}


def line(module: str, name: str, output: str, *, status: int = 0) -> str:
    fields = {"module": module, "name": name, "status": status, "started": 10.5, "ended": 11.75}
    return "MODPKG-RESULT " + json.dumps({**fields, "output": base64.b64encode(output.encode()).decode()})


def answers_text(*, without: str = "", output: str = "starting\nsystemd 252\n") -> str:
    facts = [line("", name, text) for name, text in FACTS.items() if name != without]
    return "\r\n".join([line("core", "init", output), *facts]) + "\n"


def report(text: str, console: str = CONSOLE) -> BootReport:
    events = parse_stages(console)
    return make_report(parse_answers(text), events=events, tests=TESTS, console=Path("console.log"))


def test_stages_are_found_behind_other_words_but_not_in_the_kernels_log() -> None:
    events = [(event.seconds, event.stage, event.state, event.detail) for event in parse_stages(CONSOLE)]
    assert events == [
        (1.80, "mounts", "start", ""),
        (1.87, "mounts", "end", ""),
        (3.31, "network", "end", "eth0 10.0.2.15/24"),
        (34.53, "hand-over", "failed", "no address gave the image; the last one said: no"),
    ]


def test_the_timeline_says_when_each_stage_was_done_the_kernel_first() -> None:
    assert timeline_of(parse_stages(CONSOLE)) == ((1.80, "kernel"), (1.87, "mounts"), (3.31, "network"))
    assert timeline_of(()) == ()


def test_answers_come_back_whole() -> None:
    (answer,) = parse_answers(line("core", 'a "b"', "ö\n$(x)\0", status=3))
    assert answer == Answer(module="core", name='a "b"', status=3, seconds=1.25, output="ö\n$(x)\0")


@pytest.mark.parametrize("cut", [20, 60, 100])
def test_an_answer_that_was_cut_off_is_none(cut: int) -> None:
    assert parse_answers(line("core", "init", "x" * 100)[:cut]) == ()


@pytest.mark.parametrize(
    ("status", "output", "stdout", "reason"),
    [
        (0, "b\nsystemd 252\n", "^systemd", ""),
        (0, "", None, ""),
        (0, "x", "y", "its output does not match 'y'"),
        (3, "y", "y", "it ended with status 3"),
    ],
)
def test_a_test_passes_by_its_status_and_its_output(
    status: int, output: str, stdout: str | None, reason: str
) -> None:
    answer = Answer(module="m", name="n", status=status, seconds=1, output=output)
    result = judge(answer, ModuleTest(name="n", run="x", stdout=stdout))
    assert (result.ok, result.reason) == (not reason, reason)


def test_a_report_has_everything_the_node_said() -> None:
    found = report(answers_text())
    assert found.multi_user_seconds == 16.185907
    assert found.failed_units == ("b.mount", "munge.service")
    assert [(result.name, result.ok) for result in found.tests] == [("init", True)]
    assert found.timeline[-1] == (16.185907, "multi-user")
    assert (found.memory_mb, found.audit, found.startup) == (410, "", "Startup finished in 6.887s")


@pytest.mark.parametrize("name", sorted(FACTS))
def test_a_question_of_its_own_without_an_answer_is_named(name: str) -> None:
    assert unanswered(parse_answers(answers_text(without=name)), TESTS) == (name,)


def test_tests_without_an_answer_are_named_first() -> None:
    assert unanswered((), TESTS)[:2] == ("core/init", "multi-user")
    assert unanswered(parse_answers(answers_text()), TESTS) == ()
