"""What a boot told: the stages' lines on the console, the check's lines, and what they amount to.

Only reads text; boots nothing.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from modpkg.model.module import ModuleTest

RESULT: Final = "MODPKG-RESULT "
STAGE_LINE: Final = re.compile(r"modpkg: (\d+\.\d+) ([a-z-]+) (start|end|failed)(?: (.*))?$")
FACT: Final = ""
MULTI_USER: Final = "multi-user"
FACTS: Final = (MULTI_USER, "startup", "memory", "audit", "failed-units", "end")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEvent:
    """One line of a stage: when, by the kernel's clock; `state` is start, end or failed."""

    seconds: float
    stage: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command of the check did in the node. `module` is "" for the check's own questions."""

    module: str
    name: str
    status: int
    seconds: float
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """How a module's test ended in the node; `reason` is empty if it passed."""

    module: str
    name: str
    ok: bool
    seconds: float
    output: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BootReport:
    """What is known of a node that came up.

    Seconds count from the kernel's start, by the node's clock. `timeline` says when each stage was done;
    `audit` is what dpkg finds wrong; `startup` is systemd-analyze's own account; `memory_mb` is in use.
    """

    multi_user_seconds: float
    failed_units: tuple[str, ...]
    tests: tuple[TestResult, ...]
    timeline: tuple[tuple[float, str], ...]
    console: Path
    memory_mb: int
    audit: str
    startup: str


def parse_stages(console: str) -> tuple[StageEvent, ...]:
    """Find the stages' lines in a console's text. The kernel's copies of them, on "debug", are left out."""
    lines = (line.rstrip() for line in console.splitlines())
    found = (STAGE_LINE.search(line) for line in lines if not line.startswith("["))
    return tuple(
        StageEvent(seconds=float(match[1]), stage=match[2], state=match[3], detail=match[4] or "")
        for match in found
        if match
    )


def timeline_of(events: Sequence[StageEvent]) -> tuple[tuple[float, str], ...]:
    """Give when each stage was done; the first entry is the kernel's, done when the first stage starts."""
    kernel = [(event.seconds, "kernel") for event in events[:1]]
    return (*kernel, *((event.seconds, event.stage) for event in events if event.state == "end"))


def parse_answers(text: str) -> tuple[Answer, ...]:
    """Find the check's lines in a text. A line that was cut off is left out."""
    answers = []
    for line in text.splitlines():
        _, marked, rest = line.partition(RESULT)
        if marked:
            try:
                answers.append(_answer(json.loads(rest)))
            except (ValueError, KeyError, TypeError):
                continue
    return tuple(answers)


def judge(answer: Answer, test: ModuleTest) -> TestResult:
    """Say whether an answer is what the test asks for."""
    reason = ""
    if answer.status != 0:
        reason = f"it ended with status {answer.status}"
    elif test.stdout is not None and not re.search(test.stdout, answer.output, re.MULTILINE):
        reason = f"its output does not match {test.stdout!r}"
    return TestResult(
        module=answer.module,
        name=answer.name,
        ok=not reason,
        seconds=answer.seconds,
        output=answer.output,
        reason=reason,
    )


def unanswered(answers: Sequence[Answer], tests: Mapping[str, Sequence[ModuleTest]]) -> tuple[str, ...]:
    """Give the questions that the node did not come to, in their order."""
    found = {(answer.module, answer.name) for answer in answers}
    asked = [(module, test.name) for module in sorted(tests) for test in tests[module]]
    own = [(FACT, name) for name in FACTS]
    return tuple(
        f"{module}/{name}".lstrip("/") for module, name in [*asked, *own] if (module, name) not in found
    )


def make_report(
    answers: Sequence[Answer],
    *,
    events: Sequence[StageEvent],
    tests: Mapping[str, Sequence[ModuleTest]],
    console: Path,
) -> BootReport:
    """Give the report of a boot. No answer may be missing."""
    by_name = {(answer.module, answer.name): answer for answer in answers}
    facts = {name: answer.output.strip() for (module, name), answer in by_name.items() if module == FACT}
    asked = [(module, test) for module in sorted(tests) for test in tests[module]]
    multi_user = int(facts[MULTI_USER]) / 1_000_000
    return BootReport(
        multi_user_seconds=multi_user,
        failed_units=tuple(sorted(line.split()[0] for line in facts["failed-units"].splitlines() if line)),
        tests=tuple(judge(by_name[module, test.name], test) for module, test in asked),
        timeline=(*timeline_of(events), (multi_user, MULTI_USER)),
        console=console,
        memory_mb=_memory_mb(facts["memory"]),
        audit=facts["audit"],
        startup=facts["startup"],
    )


def _answer(fields: Mapping[str, object]) -> Answer:
    return Answer(
        module=str(fields["module"]),
        name=str(fields["name"]),
        status=int(str(fields["status"])),
        seconds=round(float(str(fields["ended"])) - float(str(fields["started"])), 2),
        output=base64.b64decode(str(fields["output"]), validate=True).decode(errors="replace"),
    )


def _memory_mb(meminfo: str) -> int:
    kib = {
        name: int(rest.split()[0]) for name, _, rest in (row.partition(":") for row in meminfo.splitlines())
    }
    return round((kib["MemTotal"] - kib["MemAvailable"]) * 1024 / 1_000_000)
