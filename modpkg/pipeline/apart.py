"""Calls a task in namespaces of its own: the job goes in, events and the result come back as JSON lines."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modpkg.events import Event, Output, Sink, event_from_dict
from modpkg.host import namespaces
from modpkg.host.files import write_atomically
from modpkg.host.fork import can_fork, run_forked
from modpkg.host.run import CommandError, Completed, run
from modpkg.pipeline.error_fields import error_from

if TYPE_CHECKING:
    from modpkg.errors import ModpkgError
    from modpkg.model.document import Record

PACKAGE_PARENT = Path(__file__).resolve().parents[2]


def call(task: str, job: Record, *, mode: namespaces.Mode, work: Path, sink: Sink) -> dict[str, Any]:
    """Run `task` (see `modpkg.pipeline.worker`) apart, and give its result. Its ModpkgError is raised here.

    Root's tasks are done by a copy of this process, which has the job: a new one would take 0.25 s of a processor to
    load the same. It finds its job in a file below `work`.
    """
    path = work / f"{task}.job.json"
    relay = _Relay(sink)
    command = (*namespaces.enter(mode), sys.executable, "-m", "modpkg.pipeline.worker", task, str(path))
    if mode == "root" and can_fork():
        completed = run_forked(" ".join(command[-2:]), lambda: _work(task, job, work), sink=relay)
        completed = replace(completed, argv=command)
    else:
        write_atomically(path, job.model_dump_json())
        completed = run(command, env={"PYTHONPATH": str(PACKAGE_PARENT)}, sink=relay, check=False)
    if relay.error is not None:
        raise relay.error
    if relay.result is None:
        raise _crash(task, completed)
    return relay.result


def _work(task: str, job: Record, place: Path) -> int:
    from modpkg.pipeline.worker import work  # noqa: PLC0415 - what it does is of no use to who only calls it

    return work(task, job, place=place)


class WorkerError(Exception):
    """The worker ended by a fault of modpkg. Its traceback is a note of this error."""

    def __init__(self, task: str, *, traceback: str) -> None:
        super().__init__(f"{task}: {traceback.rstrip().rpartition(chr(10))[2]}")
        self.add_note(f"The worker said:\n{traceback}")


def _crash(task: str, completed: Completed) -> Exception:
    start = completed.stderr.find("Traceback (most recent call last):")
    if start < 0:
        # It was killed, or could not even start.
        return CommandError(completed, environment={"PYTHONPATH": str(PACKAGE_PARENT)}, cwd=None)
    return WorkerError(task, traceback=completed.stderr[start:])


class _Relay:
    """Takes the worker's lines apart: events go on to the sink, result and error are kept."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.result: dict[str, Any] | None = None
        self.error: ModpkgError | None = None

    def __call__(self, event: Event) -> None:
        fields = _json_object(event.line) if isinstance(event, Output) else None
        if fields is None:
            self.sink(event)
        elif "result" in fields:
            self.result = fields["result"]
        elif "error" in fields:
            self.error = error_from(fields["error"])
        else:
            self.sink(event_from_dict(fields))


def _json_object(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        fields: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return fields if {"event", "result", "error"} & fields.keys() else None
