"""Builds that are interrupted, killed, or that meet each other: nothing is half made, and the next run finishes."""

import json
import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from modpkg.host.files import digest_file
from modpkg.host.run import running
from modpkg.pipeline.plan import plan_builds
from tests.support.small_platform import IMAGE, MODULES
from tests.support.small_store import Shop, Small
from tests.support.traces import traces_after

pytestmark = [pytest.mark.programs, pytest.mark.network]
SECONDS = 300
# One for each part of the work: packages going in, files coming out, compression, state, the image's root.
KILLED_BUILDS = (
    ("build-all", r"installing remaining packages"),
    ("build-all", r'"StepStarted", "step": "compress core"'),
    ("build-all", r"Unpacking hello"),
    ("build-all", r'"StepStarted", "step": "take out probe"'),
)
KILLED_IMAGES = (
    ("build-image", r'"StepStarted", "step": "reconcile state"'),
    ("build-image", r'"StepStarted", "step": "compress the root"'),
    ("build-image", r'"StepStarted", "step": "read the root back"'),
)


@dataclass
class Command:
    """A command of modpkg that runs in a group of its own, as a terminal gives it."""

    child: Any = None
    lines: list[str] = field(default_factory=list)
    said: threading.Condition = field(default_factory=threading.Condition)

    def hear(self, line: str) -> None:
        with self.said:
            self.lines.append(line)
            self.said.notify_all()

    def wait_for(self, pattern: str) -> None:
        """Wait for a line; fail when the command ends without it."""

        def found() -> bool:
            return any(re.search(pattern, line) for line in self.lines)

        while not found() and self.child.poll() is None:
            with self.said:
                self.said.wait(0.5)
        assert found(), "".join(self.lines[-20:])

    def end(self, number: int = 0, *, group: bool = False) -> int:
        """Send a signal, if any, and give the status of the command."""
        if number:
            (os.killpg if group else os.kill)(self.child.pid, number)
        status: int = self.child.wait(SECONDS)
        return status

    @property
    def modules(self) -> object:
        """What the command answered."""
        results = [line for line in self.lines if line.startswith('{"result"')]
        return json.loads(results[0])["result"]["modules"]


@contextmanager
def started(shop: Shop, *words: str) -> Iterator[Command]:
    command = Command()
    # A shell that runs the tests in the background ignores SIGINT, and so would all below it.
    argv = [
        "env",
        "--default-signal=INT",
        "setsid",
        *shop.command(*words),
        "--output",
        "json-lines",
        "--verbose",
    ]
    with running(argv, on_line=command.hear, env=shop.environment, cwd=shop.project) as command.child:
        yield command


def slow(shop: Shop) -> None:
    shop.add_module("extra", "scripts: [wait.sh]\n", files={"wait.sh": "echo waiting\nsleep ${SLOW:-3}\n"})


def left_in(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()] if directory.exists() else []


@pytest.mark.parametrize("group", [False, True], ids=["the command", "its group, as Ctrl-C does"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_is_tidied_up(shop: Shop, number: signal.Signals, *, group: bool) -> None:
    files = {"wait.sh": "echo waiting\nsleep 1000\n"}
    shop.add_module("extra", "scripts: [wait.sh]\n", files=files)
    with started(shop, "build-module", "extra", "--offline") as command:
        command.wait_for('"waiting"')
        assert command.end(number, group=group) == 130
    assert "interrupted\n" in command.lines
    assert any(line.startswith('{"error": {"kind": "Interrupted"') for line in command.lines)
    assert traces_after(shop.store.root) == []
    assert left_in(shop.store.root / "scratch") == []


def test_of_two_builds_at_once_one_waits_and_both_have_the_same(shop: Shop) -> None:
    slow(shop)
    with started(shop, "build-module", "extra", "--offline") as first:
        first.wait_for('"waiting"')
        with started(shop, "build-module", "extra", "--offline") as second:
            second.wait_for("waiting for another modpkg that holds")
            assert first.end() == 0
            assert second.end() == 0
    assert first.modules == second.modules
    assert any('"build extra", "reason": "it was never built here"' in line for line in first.lines)
    assert not any('"StepStarted", "step": "build extra"' in line for line in second.lines)


def test_builds_of_different_modules_do_not_wait(shop: Shop) -> None:
    slow(shop)
    with started(shop, "build-module", "extra", "--offline") as first:
        first.wait_for('"waiting"')
        completed = shop.modpkg("build-module", "tools", "--offline")
        assert completed.returncode == 0
        assert "waiting" not in completed.stderr
        assert first.end() == 0


def test_a_build_whose_partner_is_killed_does_its_work(shop: Shop) -> None:
    slow(shop)
    with started(shop, "build-module", "extra", "--offline") as first:
        first.wait_for('"waiting"')
        with started(shop, "build-module", "extra", "--offline") as second:
            second.wait_for("waiting for another modpkg that holds")
            first.end(signal.SIGKILL)
            assert second.end() == 0
    assert any('"StepStarted", "step": "build extra"' in line for line in second.lines)


def killed(shop: Shop, words: tuple[str, ...], pattern: str) -> None:
    with started(shop, *words) as command:
        command.wait_for(pattern)
        assert command.end(signal.SIGKILL) == -signal.SIGKILL
    assert traces_after(shop.store.root) == []


def sums(small: Small, shop: Shop) -> list[dict[str, str]]:
    """Give for both, as first built and as built here, what each module and the image are."""
    found = []
    for workshop, images in (
        (small.workshop(), small.work / "images"),
        (shop.workshop(), shop.work / "images"),
    ):
        steps = plan_builds(workshop, MODULES)
        records = {step.module: json.dumps(workshop.store.lookup(step.key)) for step in steps}
        files = {path.name: digest_file(path) for path in next(images.glob("small_*")).iterdir()}
        packages = {path.name: digest_file(path) for path in workshop.packages.glob("modpkg-*")}
        found.append({**records, **files, **packages})
    return found


def test_killed_at_any_point_the_next_run_finishes_with_the_same_bits(small: Small, shop: Shop) -> None:
    shop.forget(*MODULES)
    for name, pattern in KILLED_BUILDS:
        killed(shop, (name, "--offline"), pattern)
    assert shop.modpkg("build-all", "--offline").returncode == 0
    assert shop.modpkg("publish", "--channel", "testing").returncode == 0
    assert shop.modpkg("lock", IMAGE).returncode == 0
    for name, pattern in KILLED_IMAGES:
        killed(shop, (name, IMAGE), pattern)
        assert not list((shop.work / "images").glob("small_*"))
    completed = shop.modpkg("build-image", IMAGE)
    assert completed.returncode == 0, completed.stderr
    before, after = sums(small, shop)
    assert after == before
    assert left_in(shop.store.root / "scratch") == []
    assert [path.name for path in (shop.work / "images").iterdir() if path.name.startswith(".")] == []
    blobs = [path for path in (shop.store.root / "blobs").rglob("*") if path.is_file()]
    assert [path for path in blobs if digest_file(path) != path.name] == []
