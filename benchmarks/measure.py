"""What all benchmarks share: seconds on the clock and of the processor, tables, figures to reach.

It measures and shows. It never decides what is compared, and never hides a figure that was missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from modpkg.host.run import Completed, Stopwatch, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CHECKOUT: Final = Path(__file__).resolve().parents[1]
MEGABYTE: Final = 10**6


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that was measured; times in seconds. `note` says how, or why it differs."""

    name: str
    wall: float
    cpu: float
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One figure and the most that it may be."""

    name: str
    value: float
    most: float
    unit: str

    @property
    def reached(self) -> bool:
        """Whether the figure is as good as it has to be."""
        return self.value <= self.most


def machine_facts() -> dict[str, str]:
    """Tell when and where a benchmark runs, and how busy the machine is before it begins."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "cpus": str(len(os.sched_getaffinity(0))),
        "load": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


@dataclass(slots=True, kw_only=True)
class Report:
    """What a benchmark found: times, figures, and lists of anything else by title."""

    title: str
    rows: list[Row] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    lists: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    machine: dict[str, str] = field(default_factory=machine_facts)

    @property
    def exit_status(self) -> int:
        """0 where all figures are reached and nothing failed, else 1."""
        return 0 if all(goal.reached for goal in self.goals) and not self.failures else 1


def parser(description: str | None) -> argparse.ArgumentParser:
    """Give a command line with the option that all benchmarks have."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--output", choices=("text", "json"), default="text")
    return made


def show(report: Report, *, output: str) -> int:
    """Print a report on standard output and give the exit status."""
    print(json.dumps(to_data(report), indent=2) if output == "json" else to_text(report))
    return report.exit_status


def to_data(report: Report) -> dict[str, Any]:
    """Give a report as what JSON can hold."""
    goals = [{**asdict(goal), "reached": goal.reached} for goal in report.goals]
    return {**asdict(report), "goals": goals}


def to_text(report: Report) -> str:
    """Give a report as tables for people."""
    width = 2 + max(map(len, _names(report)), default=0)
    lines = [report.title, "  " + ", ".join(f"{name} {value}" for name, value in report.machine.items())]
    if report.rows:
        lines += ["", f"{'':{width}}{'wall s':>9}{'cpu s':>9}"]
        rows = (f"{row.name:{width}}{row.wall:>9.2f}{row.cpu:>9.2f}  {row.note}" for row in report.rows)
        lines += [row.rstrip() for row in rows]
    for title, pairs in report.lists.items():
        lines += ["", title, *(f"  {name:{width - 2}}{value}".rstrip() for name, value in pairs)]
    if report.goals:
        lines += ["", f"{'figure to reach':{width}}{'found':>9}{'at most':>9}"]
        lines += [_goal_line(goal, width) for goal in report.goals]
    return "\n".join([*lines, *(f"failed: {failure}" for failure in report.failures)])


def _names(report: Report) -> list[str]:
    listed = [f"  {name}" for pairs in report.lists.values() for name, _ in pairs]
    return [*(row.name for row in report.rows), *(goal.name for goal in report.goals), *listed]


def _goal_line(goal: Goal, width: int) -> str:
    verdict = "reached" if goal.reached else "MISSED"
    return f"{goal.name:{width}}{goal.value:>9.3g}{goal.most:>9.3g} {goal.unit:<4}{verdict}"


def say(line: str) -> None:
    """Tell on standard error what is being measured; standard output belongs to the report."""
    print(line, file=sys.stderr, flush=True)


def measured(
    name: str, argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path = CHECKOUT
) -> tuple[Row, Completed]:
    """Run a program with the environment of the caller and `env`, and measure it."""
    say(name)
    # Users have no such setting, and would not compile all of modpkg at each command.
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    watch = Stopwatch.started()
    done = run(argv, env={**inherited, **(env or {})}, cwd=cwd)
    return Row(name=name, wall=watch.seconds, cpu=watch.cpu_seconds), done


def invoke(*words: str | Path) -> list[str | Path]:
    """Give the command line of a command of modpkg, as this checkout has it, with the Python that runs this."""
    return [Path(sys.executable).with_name("invoke"), "--search-root", CHECKOUT, *words]


def best(rows: Sequence[Row]) -> Row:
    """Give the row with the fewest seconds of the processor: other work disturbed it least."""
    return min(rows, key=lambda row: row.cpu)
