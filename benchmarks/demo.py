"""Measures the demo: from nothing, again with nothing changed, and after one small recipe changed.

Usage: ./bootstrap python -m benchmarks.demo [--output json] [--no-boot] [--place DIRECTORY] [--warm]
The best of five rounds counts where nothing is to be done; the table shows the last.
Everything is made below a temporary directory, or below --place, which stays. With --warm the demo there was
run before: only the quick paths are measured. Exit status: 0 where every figure is reached, 1 where one is not.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.measure import CHECKOUT, Goal, Report, Row, best, invoke, measured, parser, show

if TYPE_CHECKING:
    from collections.abc import Iterator

FROM_NOTHING_SECONDS: Final = 600
AGAIN_SECONDS: Final = 3
NOTHING_TO_BUILD_SECONDS: Final = 0.5
ROUNDS: Final = 5
# The smallest recipe: one that nothing else stands on.
CHANGED: Final = "nfs"


@dataclass(frozen=True, slots=True)
class Place:
    """A store, a work directory and a project of their own."""

    root: Path

    @property
    def project(self) -> Path:
        """A copy of the checkout's recipes, which one run changes."""
        return self.root / "project"

    @property
    def environment(self) -> dict[str, str]:
        """What sends the commands here."""
        return {
            "MODPKG_STORE": str(self.root / "store"),
            "MODPKG_WORK": str(self.root / "work"),
        }

    def prepare(self) -> None:
        """Copy what the commands read from a checkout."""
        for name in ("recipes", "repo"):
            shutil.copytree(CHECKOUT / name, self.project / name, dirs_exist_ok=True)
        # The demo would release what is not at the moment of each run, which is another each time.
        words = invoke("release-module", "all", "--message", "For the benchmark.")
        measured("release", words, env=self.environment, cwd=self.project)


def main() -> int:
    """Measure and print the table."""
    options = parser(__doc__)
    options.add_argument("--no-boot", action="store_true")
    options.add_argument("--place", type=Path)
    options.add_argument("--warm", action="store_true")
    chosen = options.parse_args()
    report = Report(title="invoke demo")
    with _place(chosen.place) as place:
        if not chosen.warm:
            place.prepare()
            first = _demo(place, "from nothing, downloads included", report, boot=not chosen.no_boot)
            report.goals.append(
                Goal(name="demo from nothing", value=first.wall, most=FROM_NOTHING_SECONDS, unit="s")
            )
        _again(place, report)
        _changed(place, report)
    return show(report, output=chosen.output)


@contextmanager
def _place(named: Path | None) -> Iterator[Place]:
    if named:
        yield Place(named.resolve())
        return
    with tempfile.TemporaryDirectory(prefix="modpkg-benchmark.") as name:
        yield Place(Path(name))


def _again(place: Place, report: Report) -> None:
    quiet = [_demo(place, "again, nothing changed", Report(title=""), boot=False) for _ in range(ROUNDS - 1)]
    rows = [*quiet, _demo(place, "again, nothing changed", report, boot=False)]
    fastest = min(row.wall for row in rows)
    report.goals.append(Goal(name="demo --no-boot again", value=fastest, most=AGAIN_SECONDS, unit="s"))
    command = invoke("build-module", "slurm")
    environment = place.environment
    built = [
        measured("build-module slurm, nothing to do", command, env=environment, cwd=place.project)[0]
        for _ in range(ROUNDS)
    ]
    report.rows.append(best(built))
    report.goals.append(
        Goal(
            name="build-module with nothing to do",
            value=min(row.wall for row in built),
            most=NOTHING_TO_BUILD_SECONDS,
            unit="s",
        )
    )


def _changed(place: Place, report: Report) -> None:
    recipe = place.project / "recipes" / "modules" / CHANGED / "recipe.yaml"
    text = recipe.read_text(encoding="utf-8")
    first, _, rest = text.partition("summary: ")
    recipe.write_text(f"{first}summary: Changed, {rest}", encoding="utf-8")
    _demo(place, f"after a change of the recipe of {CHANGED}", report, boot=False)


def _demo(place: Place, name: str, report: Report, *, boot: bool) -> Row:
    words = invoke("demo", "--output", "json", *([] if boot else ["--no-boot"]))
    row, done = measured(name, words, env=place.environment, cwd=place.project)
    answer: dict[str, Any] = json.loads(done.stdout)
    report.rows.append(row)
    report.rows += [
        Row(name=f"  {step['name']}", wall=step["seconds"], cpu=step["cpu_seconds"], note=step["reason"])
        for step in answer["steps"]
    ]
    return row


if __name__ == "__main__":
    sys.exit(main())
