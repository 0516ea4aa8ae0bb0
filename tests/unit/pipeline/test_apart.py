import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modpkg.cli.failure import failure_from
from modpkg.errors import BadInputError, DocumentError, ModpkgError, Problem
from modpkg.events import (
    Event,
    Output,
    Progress,
    Sink,
    StepFinished,
    StepSkipped,
    StepStarted,
    Warned,
    event_to_dict,
    ignore,
)
from modpkg.host.run import CommandError
from modpkg.model.document import Record
from modpkg.pipeline import apart
from modpkg.pipeline.apart import WorkerError, call
from modpkg.pipeline.error_fields import error_fields
from modpkg.pipeline.worker import TASKS

Said = Callable[..., None]


class Job(Record):
    name: str = "slurm"


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """Give a function that decides what the worker does in place of working: lines, errors, exit status."""
    program = tmp_path / "worker"

    def say(*lines: str, stderr: str = "", status: int = 0, kill: bool = False) -> None:
        (tmp_path / "stdout").write_text("".join(f"{line}\n" for line in lines))
        (tmp_path / "stderr").write_text(stderr)
        end = "kill -KILL $$" if kill else f"exit {status}"
        program.write_text(f'#!/bin/sh\ncd {tmp_path}\necho "$@" >words\ncat stdout\ncat stderr >&2\n{end}\n')
        program.chmod(0o755)

    monkeypatch.setattr(apart, "can_fork", lambda: False)
    monkeypatch.setattr(apart.namespaces, "enter", lambda mode: (str(program), f"--{mode}"))
    return say


def result(value: object) -> str:
    return json.dumps({"result": value})


def failed(error: ModpkgError) -> str:
    return json.dumps({"error": error_fields(error)})


def called(tmp_path: Path, events: list[Event] | None = None) -> dict[str, Any]:
    return call(
        "build", Job(), mode="root", work=tmp_path, sink=events.append if events is not None else ignore
    )


def test_the_result_comes_back(tmp_path: Path, worker: Said) -> None:
    worker(result({"fragment": "/x", "n": 1}))
    assert called(tmp_path) == {"fragment": "/x", "n": 1}


def test_an_empty_result_is_one(tmp_path: Path, worker: Said) -> None:
    worker(result({}))
    assert called(tmp_path) == {}


def test_the_job_goes_in_as_a_file_beside_the_words(tmp_path: Path, worker: Said) -> None:
    worker(result({}))
    call("assemble", Job(name="core"), mode="user", work=tmp_path, sink=ignore)
    path = tmp_path / "assemble.job.json"
    assert json.loads(path.read_text()) == {"name": "core"}
    words = (tmp_path / "words").read_text().split()
    assert words == ["--user", sys.executable, "-m", "modpkg.pipeline.worker", "assemble", str(path)]


EVENTS: list[Event] = [
    StepStarted("install core", "it is new"),
    Progress("install core", 1, 2, "packages"),
    Output("apt-get", "Setting up münge ..."),
    Warned("left out /etc/munge/munge.key", hint="a secret"),
    StepFinished("install core", 1.5, 0.5, "it is new"),
    StepSkipped("pack", "done"),
]


def test_events_go_on_to_the_sink_as_they_were(tmp_path: Path, worker: Said) -> None:
    worker(*(json.dumps(event_to_dict(event)) for event in EVENTS), result({}))
    events: list[Event] = []
    called(tmp_path, events)
    assert events == EVENTS


@pytest.mark.parametrize(
    "line", ["hello", "", "{", "{}", '{"a": 1}', "[1]", "null", '{"event"', "{'event': 1}", '"result"']
)
def test_other_lines_are_what_a_program_wrote(tmp_path: Path, worker: Said, line: str) -> None:
    worker(line, result({"a": 1}))
    events: list[Event] = []
    assert called(tmp_path, events) == {"a": 1}
    assert [event.line for event in events if isinstance(event, Output)] == [line]


def test_what_it_writes_to_stderr_is_shown(tmp_path: Path, worker: Said) -> None:
    worker(result({}), stderr="a warning\n")
    events: list[Event] = []
    called(tmp_path, events)
    assert [event.line for event in events if isinstance(event, Output)] == ["a warning"]


@pytest.mark.parametrize("kind", [ModpkgError, BadInputError])
def test_an_error_is_raised_here_as_it_was_there(
    tmp_path: Path, worker: Said, kind: type[ModpkgError]
) -> None:
    worker(failed(kind("cannot build it", where="slurm", hint="mend it")), status=kind.exit_code)
    with pytest.raises(ModpkgError) as caught:
        called(tmp_path)
    assert type(caught.value) is kind
    assert str(caught.value) == "slurm: cannot build it\n  hint: mend it"


def test_problems_of_documents_come_back_all_of_them(tmp_path: Path, worker: Said) -> None:
    problems = [
        Problem(file="r.yaml", line=3, column=7, message="no", hint="yes", source="a: b"),
        Problem(file="p.yaml", message="the account 'munge' has no fixed id"),
    ]
    there = DocumentError(problems)
    worker(failed(there), status=2)
    with pytest.raises(DocumentError) as caught:
        called(tmp_path)
    assert caught.value.problems == there.problems
    assert str(caught.value) == str(there)
    assert caught.value.exit_code == 2


def test_an_error_after_a_result_counts(tmp_path: Path, worker: Said) -> None:
    worker(result({}), failed(ModpkgError("cannot end")), status=1)
    with pytest.raises(ModpkgError, match="cannot end"):
        called(tmp_path)


TRACEBACK = """\
some program's warning
Traceback (most recent call last):
  File "worker.py", line 1, in main
KeyError: 'fragment'
"""


def test_a_worker_that_crashes_is_an_internal_error_with_its_traceback(
    tmp_path: Path, worker: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    worker("{", stderr=TRACEBACK, status=1)
    with pytest.raises(WorkerError) as caught:
        called(tmp_path)
    failure = failure_from(caught.value)
    head, place, hint = failure.text.splitlines()
    assert head == "internal error: WorkerError: build: KeyError: 'fragment'"
    kept = Path(place.removeprefix("  traceback: ")).read_text()
    assert 'File "worker.py", line 1, in main' in kept
    assert "some program's warning" not in kept
    assert "please report it" in hint


def test_a_worker_that_was_killed_says_so(tmp_path: Path, worker: Said) -> None:
    worker(kill=True)
    with pytest.raises(CommandError, match="it was ended by SIGKILL"):
        called(tmp_path)


def test_a_worker_that_could_not_start_says_what_it_was_told(tmp_path: Path, worker: Said) -> None:
    worker(stderr="unshare: unshare failed: Operation not permitted\n", status=1)
    with pytest.raises(CommandError) as caught:
        called(tmp_path)
    assert "it ended with status 1\n    unshare: unshare failed: Operation not permitted" in str(caught.value)
    assert "modpkg.pipeline.worker build" in caught.value.hint


def test_a_worker_that_ends_well_without_a_result_is_an_error(tmp_path: Path, worker: Said) -> None:
    worker("hello")
    with pytest.raises(CommandError, match="it ended with status 0"):
        called(tmp_path)


def test_a_result_in_the_middle_of_a_line_is_none(tmp_path: Path, worker: Said) -> None:
    worker(f" {result({})}")
    with pytest.raises(CommandError):
        called(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="a copy of this process is taken for root alone")
def test_root_has_it_done_by_a_copy_of_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(job: Job, sink: Sink) -> dict[str, Any]:
        sink(Warned(f"process {os.getpid()}"))
        return {"job": job.model_dump()}

    # What only this process knows.
    monkeypatch.setitem(TASKS, "build", work)
    events: list[Event] = []
    assert called(tmp_path, events) == {"job": {"name": "slurm"}}
    assert events == [Warned("process 1")]


@pytest.mark.skipif(os.geteuid() != 0, reason="a copy of this process is taken for root alone")
def test_an_error_of_a_copy_is_raised_here_and_a_fault_is_one_of_modpkg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(job: Job, sink: Sink) -> dict[str, Any]:
        del sink
        raise BadInputError("cannot build it", where=job.name, hint="mend it")

    def fail(job: Job, sink: Sink) -> dict[str, Any]:
        raise LookupError(f"{job.name} {sink}")

    def die(job: Job, sink: Sink) -> dict[str, Any]:
        sink(Warned(job.name))
        # Nobody inside can end the first process; whoever outside does, ends it so.
        os._exit(9)

    monkeypatch.setitem(TASKS, "build", refuse)
    with pytest.raises(BadInputError, match="cannot build it"):
        called(tmp_path)
    monkeypatch.setitem(TASKS, "build", fail)
    with pytest.raises(WorkerError, match="LookupError: slurm"):
        called(tmp_path)
    monkeypatch.setitem(TASKS, "build", die)
    with pytest.raises(CommandError, match="ended with status 9") as caught:
        called(tmp_path)
    assert "modpkg.pipeline.worker build" in caught.value.hint
