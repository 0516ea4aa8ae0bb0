"""The checks of a checkout: a plan that is data, and its execution. Knows no check's inside."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.errors import EXIT_FAILED
from modpkg.events import Sink, StepFinished, StepSkipped, StepStarted
from modpkg.host.run import Stopwatch, run
from modpkg.host.tools import SEARCH_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# These need no quiet machine: they run side by side. All other folders follow, one test after the other.
PARALLEL_TESTS: Final = ("unit", "property", "golden")
NOT_TESTS: Final = ("support",)
SHELLS: Final = (b"sh", b"bash", b"dash")
SHELL_FOLDERS: Final = ("modpkg", "benchmarks", "tools", ".ci")
PYTEST_FOUND_NOTHING: Final = 5
# What a check may see of the caller's environment: where its things are and how to reach the network.
PASSED_ON: Final = ("HOME", "USER", "LOGNAME", "TMPDIR", "CI", "SSL_CERT_FILE", "COLUMNS")
PASSED_ON_PREFIXES: Final = ("MODPKG_", "HYPOTHESIS_")
PASSED_ON_SUFFIXES: Final = ("_proxy", "_PROXY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One program that must succeed; without `argv` it is left out, for `reason`."""

    name: str
    argv: tuple[str, ...]
    reason: str = ""
    accepts: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """How one check went."""

    check: str
    result: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """How all checks went."""

    checks: tuple[CheckResult, ...]
    failed: tuple[str, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        """The status that the command ends with."""
        return EXIT_FAILED if self.failed else 0


def plan_checks(project: Path, *, quick: bool, select: str | None) -> tuple[Check, ...]:
    """Decide what to run: everything; unit tests alone if `quick`; only tests that match `select`."""
    narrowing = ("-k", select) if select else ()
    if quick:
        return (_pytest(project, "unit tests", folders=("unit",), words=narrowing),)
    tests = (
        _pytest(project, "tests side by side", folders=PARALLEL_TESTS, words=(*_side_by_side(), *narrowing)),
        _pytest(project, "tests one by one", folders=_other_folders(project), words=("-v", *narrowing)),
    )
    return tests if select else (*_linters(project), *tests)


def _linters(project: Path) -> tuple[Check, ...]:
    return (
        Check(name="format", argv=("ruff", "format", "--check", "--quiet", ".")),
        Check(name="lint", argv=("ruff", "check", "--quiet", ".")),
        Check(name="types", argv=("mypy", "--no-error-summary")),
        Check(name="layers", argv=("lint-imports", "--no-logo")),
        *_shell_checks(project),
        Check(name="spelling", argv=("codespell",)),
    )


def _shell_checks(project: Path) -> tuple[Check, ...]:
    words = ("shellcheck", "--external-sources", "--source-path=SCRIPTDIR")
    scripts = shell_scripts(project)
    # shellcheck 0.9 does not know busybox: what runs there has to be plain POSIX.
    initrd = tuple(path for path in scripts if b"busybox" in _first_line(project / path))
    others = tuple(path for path in scripts if path not in initrd)
    checks = (
        Check(name="shell", argv=(*words, *others)),
        Check(name="shell of the initrd", argv=(*words, "--shell=sh", *initrd)),
    )
    return checks if initrd else checks[:1]


def _pytest(project: Path, name: str, *, folders: Sequence[str], words: Sequence[str]) -> Check:
    found = [f"tests/{folder}" for folder in folders if (project / "tests" / folder).is_dir()]
    if not found:
        return Check(name=name, argv=(), reason="there are none")
    accepts = (0, PYTEST_FOUND_NOTHING) if "-k" in words else (0,)
    return Check(name=name, argv=("pytest", *found, *words), accepts=accepts)


def _side_by_side() -> tuple[str, ...]:
    return ("-q", "-n", str(len(os.sched_getaffinity(0))))


def _other_folders(project: Path) -> tuple[str, ...]:
    root = project / "tests"
    folders = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    return tuple(
        name for name in folders if name not in (*PARALLEL_TESTS, *NOT_TESTS) and not name.startswith("_")
    )


def shell_scripts(project: Path) -> tuple[str, ...]:
    """Give the shell programs of a checkout, relative to it: by suffix or by first line."""
    roots = [project / folder for folder in SHELL_FOLDERS]
    inside = [path for root in roots for path in sorted(root.rglob("*")) if path.is_file()]
    candidates = [project / "bootstrap", *inside]
    return tuple(str(path.relative_to(project)) for path in candidates if _is_shell(path))


def _is_shell(path: Path) -> bool:
    if path.suffix == ".sh":
        return True
    if path.suffix or not path.is_file():
        return False
    first = _first_line(path)
    words = {word.rsplit(b"/", 1)[-1] for word in first.removeprefix(b"#!").split()}
    return first.startswith(b"#!") and not words.isdisjoint(SHELLS)


def _first_line(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.readline(80)


def run_checks(checks: Sequence[Check], *, project: Path, sink: Sink) -> CheckReport:
    """Run all checks, also when some fail, and tell how each went."""
    results = tuple(_results(checks, project=project, sink=sink))
    return CheckReport(
        checks=results, failed=tuple(result.check for result in results if result.result == "failed")
    )


def _results(checks: Sequence[Check], *, project: Path, sink: Sink) -> Iterator[CheckResult]:
    for check in checks:
        if not check.argv:
            sink(StepSkipped(check.name, check.reason))
            yield CheckResult(check=check.name, result="left out", seconds=0.0)
            continue
        sink(StepStarted(check.name))
        watch = Stopwatch.started()
        passed = _passes(check, project=project, sink=sink)
        outcome = "ok" if passed else "failed"
        sink(StepFinished(check.name, watch.seconds, watch.cpu_seconds, outcome))
        yield CheckResult(check=check.name, result=outcome, seconds=watch.seconds)


def _passes(check: Check, *, project: Path, sink: Sink) -> bool:
    # The interpreter's own folder first: that is where an environment has its programs.
    program = Path(sys.executable).parent / check.argv[0]
    words = [str(program) if program.exists() else check.argv[0], *check.argv[1:]]
    completed = run(words, cwd=project, env=environment_of_checks(os.environ), sink=sink, check=False)
    return completed.returncode in check.accepts


def environment_of_checks(environment: Mapping[str, str]) -> dict[str, str]:
    """Give what checks see of an environment, and the PATH of this interpreter."""
    passed = {
        name: value
        for name, value in environment.items()
        if name in PASSED_ON or name.startswith(PASSED_ON_PREFIXES) or name.endswith(PASSED_ON_SUFFIXES)
    }
    path = f"{Path(sys.executable).parent}:{SEARCH_PATH}"
    return {**passed, "PATH": path, "PYTHONUNBUFFERED": "1"}
