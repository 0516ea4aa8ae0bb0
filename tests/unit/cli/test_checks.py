import sys
from pathlib import Path

import pytest

from modpkg.cli.checks import (
    Check,
    CheckReport,
    environment_of_checks,
    plan_checks,
    run_checks,
    shell_scripts,
)
from modpkg.events import Event, Output, StepFinished, StepSkipped, StepStarted


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder in ("unit", "golden", "integration", "boot", "support", "__pycache__"):
        (tmp_path / "tests" / folder).mkdir(parents=True)
    (tmp_path / "bootstrap").write_text("#!/bin/bash\n")
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_text("#!/usr/bin/env bash\n")
    stages = tmp_path / "modpkg" / "initramfs" / "stages"
    stages.mkdir(parents=True)
    (stages / "network").write_text("#!/bin/sh -e\n")
    (stages / "overlay").write_text("#!/bin/busybox sh\n")
    (stages / "fetch.sh").write_text("# sourced\n")
    (stages / "table").write_text("no program\n")
    (stages / "tool").write_text("#!/usr/bin/python3\n")
    (stages / "pack.py").write_text("#!/bin/sh\n")
    (stages / "bytes").write_bytes(b"\x7fELF\x00")
    return tmp_path


def plan(project: Path, *, quick: bool = False, select: str | None = None) -> dict[str, Check]:
    return {check.name: check for check in plan_checks(project, quick=quick, select=select)}


def test_everything_is_checked_and_tests_that_need_a_quiet_machine_come_last(project: Path) -> None:
    checks = plan(project)
    assert list(checks) == [
        "format",
        "lint",
        "types",
        "layers",
        "shell",
        "shell of the initrd",
        "spelling",
        "tests side by side",
        "tests one by one",
    ]
    side_by_side = checks["tests side by side"].argv
    assert side_by_side[:3] == ("pytest", "tests/unit", "tests/golden")
    assert "-n" in side_by_side
    assert checks["tests one by one"].argv == ("pytest", "tests/boot", "tests/integration", "-v")


def test_quick_is_unit_tests_alone(project: Path) -> None:
    checks = plan(project, quick=True, select="version")
    assert [check.argv for check in checks.values()] == [("pytest", "tests/unit", "-k", "version")]


def test_a_selection_is_of_tests_alone_and_may_be_empty_in_a_folder(project: Path) -> None:
    checks = plan(project, select="version and not boot")
    assert list(checks) == ["tests side by side", "tests one by one"]
    for check in checks.values():
        assert check.argv[-2:] == ("-k", "version and not boot")
        assert check.accepts == (0, 5)


def test_no_tests_at_all_is_a_failure(project: Path) -> None:
    assert plan(project)["tests side by side"].accepts == (0,)


def test_a_folder_that_is_missing_is_left_out(tmp_path: Path) -> None:
    check = plan(tmp_path)["tests one by one"]
    assert (check.argv, check.reason) == ((), "there are none")


def test_shell_is_found_by_suffix_and_by_first_line(project: Path) -> None:
    assert set(shell_scripts(project)) == {
        "bootstrap",
        ".ci/run",
        "modpkg/initramfs/stages/network",
        "modpkg/initramfs/stages/overlay",
        "modpkg/initramfs/stages/fetch.sh",
    }


def test_what_busybox_runs_is_judged_as_plain_shell(project: Path) -> None:
    checks = plan(project)
    assert checks["shell of the initrd"].argv[-2:] == ("--shell=sh", "modpkg/initramfs/stages/overlay")
    assert "modpkg/initramfs/stages/overlay" not in checks["shell"].argv
    (project / "modpkg" / "initramfs" / "stages" / "overlay").unlink()
    assert "shell of the initrd" not in plan(project)


def checked(checks: list[Check], project: Path) -> tuple[CheckReport, list[Event]]:
    events: list[Event] = []
    return run_checks(checks, project=project, sink=events.append), events


def test_all_checks_run_although_one_fails(tmp_path: Path) -> None:
    checks = [
        Check(name="first", argv=("sh", "-c", "echo fault; exit 1")),
        Check(name="second", argv=(), reason="there are none"),
        Check(name="third", argv=("sh", "-c", "exit 5"), accepts=(0, 5)),
    ]
    report, events = checked(checks, tmp_path)
    assert [(result.check, result.result) for result in report.checks] == [
        ("first", "failed"),
        ("second", "left out"),
        ("third", "ok"),
    ]
    assert (report.failed, report.exit_code) == (("first",), 1)
    assert [type(event) for event in events] == [
        StepStarted,
        Output,
        StepFinished,
        StepSkipped,
        StepStarted,
        StepFinished,
    ]


def test_checks_that_pass_end_well(tmp_path: Path) -> None:
    report, _ = checked([Check(name="a", argv=("true",))], tmp_path)
    assert report.exit_code == 0


def test_checks_run_in_the_checkout_with_the_programs_of_this_interpreter(tmp_path: Path) -> None:
    (tmp_path / "here").write_text("")
    code = "import os, sys; assert os.path.exists('here'); print(sys.prefix)"
    _, events = checked([Check(name="a", argv=("python", "-c", code))], tmp_path)
    assert [event.line for event in events if isinstance(event, Output)] == [sys.prefix]


def test_checks_see_little_of_the_environment() -> None:
    environment = {
        "HOME": "/home/ana",
        "MODPKG_STORE": "/s",
        "http_proxy": "p",
        "HTTPS_PROXY": "q",
        "PYTHONPATH": "/x",
        "LC_ALL": "tlh",
        "PATH": "/y",
    }
    seen = environment_of_checks(environment)
    assert set(seen) - {"PATH", "PYTHONUNBUFFERED"} == {"HOME", "MODPKG_STORE", "http_proxy", "HTTPS_PROXY"}
    assert seen["PATH"].split(":")[0] == str(Path(sys.executable).parent)
