"""Calls a task in namespaces of its own: the job goes in as JSON, events and the result come back as JSON lines."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modpkg.errors import BadInputError, DocumentError, ModpkgError, Problem
from modpkg.events import Event, Output, Sink, event_from_dict
from modpkg.host import namespaces
from modpkg.host.files import write_atomically
from modpkg.host.run import CommandError, Completed, run

if TYPE_CHECKING:
    from modpkg.model.document import Record

PACKAGE_PARENT = Path(__file__).resolve().parents[2]


def call(task: str, job: Record, *, mode: namespaces.Mode, work: Path, sink: Sink) -> dict[str, Any]:
    """Run `task` (see `modpkg.pipeline.worker`) apart, and give its result. Its ModpkgError is raised here."""
    path = work / f"{task}.job.json"
    write_atomically(path, job.model_dump_json())
    relay = _Relay(sink)
    command = [*namespaces.enter(mode), sys.executable, "-m", "modpkg.pipeline.worker", task, str(path)]
    completed = run(command, env={"PYTHONPATH": str(PACKAGE_PARENT)}, sink=relay, check=False)
    if relay.error is not None:
        raise relay.error
    if relay.result is None:
        raise _crash(task, completed)
    return relay.result


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
            self.error = _error_from(fields["error"])
        else:
            self.sink(event_from_dict(fields))


def error_fields(error: ModpkgError) -> dict[str, Any]:
    """Give an error as an object that `call` turns into an error again."""
    problems = error.problems if isinstance(error, DocumentError) else []
    fields = [{name: getattr(p, name) for name in Problem.__slots__} for p in problems]
    return {
        "what": error.what,
        "where": error.where,
        "hint": error.hint,
        "bad_input": isinstance(error, BadInputError),
        "problems": fields,
    }


def _error_from(fields: dict[str, Any]) -> ModpkgError:
    if fields["problems"]:
        return DocumentError([Problem(**problem) for problem in fields["problems"]])
    kind = BadInputError if fields["bad_input"] else ModpkgError
    return kind(fields["what"], where=fields["where"], hint=fields["hint"])


def _json_object(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        fields: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return fields if {"event", "result", "error"} & fields.keys() else None
