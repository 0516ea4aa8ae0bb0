"""What the worker makes of a job; that it runs apart is tested with real namespaces."""

import errno
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from modpkg.errors import BadInputError, DocumentError, ModpkgError, Problem
from modpkg.events import Sink, StepStarted
from modpkg.pipeline import worker as subject
from modpkg.pipeline.unpacked import UnpackJob
from modpkg.pipeline.worker import TASKS, main
from modpkg.squashfs import pack


@pytest.fixture(autouse=True)
def _kept_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the name of this machine, and the umask of this process."""
    monkeypatch.setattr(
        subject.socket, "sethostname", lambda name: None if name == "modpkg" else pytest.fail(name)
    )
    monkeypatch.setattr(subject.os, "umask", lambda mask: mask)


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def task(monkeypatch: pytest.MonkeyPatch, action: Any) -> None:
    monkeypatch.setitem(TASKS, "try", action)


def test_there_is_a_task_for_each_kind_of_job() -> None:
    assert set(TASKS) == {"assemble", "build", "compare", "site", "unpack"}


def test_a_result_is_the_last_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(path: Path, sink: Sink) -> dict[str, Any]:
        sink(StepStarted("install", "it is new"))
        return {"path": str(path)}

    task(monkeypatch, work)
    assert main(["try", "/w/job.json"]) == 0
    assert said(capsys) == [
        {"event": "StepStarted", "step": "install", "reason": "it is new"},
        {"result": {"path": "/w/job.json"}},
    ]


@pytest.mark.parametrize(("kind", "code"), [(ModpkgError, 1), (BadInputError, 2)])
def test_an_error_is_told_with_all_its_parts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: type[ModpkgError], code: int
) -> None:
    def fail(path: Path, sink: Sink) -> dict[str, Any]:
        del path, sink
        raise kind("cannot build it", where="slurm", hint="mend it")

    task(monkeypatch, fail)
    assert main(["try", "x"]) == code
    (fields,) = said(capsys)
    assert fields["error"] == {
        "what": "cannot build it",
        "where": "slurm",
        "hint": "mend it",
        "bad_input": kind is BadInputError,
        "problems": [],
    }


def test_problems_of_documents_are_told_one_by_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(path: Path, sink: Sink) -> dict[str, Any]:
        del path, sink
        raise DocumentError(
            [Problem(file="a.yaml", line=1, column=2, message="no"), Problem(file="b", message="no")]
        )

    task(monkeypatch, fail)
    assert main(["try", "x"]) == 2
    (fields,) = said(capsys)
    assert [problem["file"] for problem in fields["error"]["problems"]] == ["a.yaml", "b"]


def test_what_the_machine_refuses_is_an_error_and_no_crash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(path: Path, sink: Sink) -> dict[str, Any]:
        del path, sink
        raise OSError(errno.EROFS, "x", "/store/fragment")

    task(monkeypatch, fail)
    assert main(["try", "x"]) == 1
    (fields,) = said(capsys)
    assert fields["error"]["what"] == "cannot write /store/fragment: Read-only file system"


def test_a_full_disk_is_told_as_that_of_the_store(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(path: Path, sink: Sink) -> dict[str, Any]:
        del path, sink
        raise OSError(errno.ENOSPC, "x", "/store/fragment")

    task(monkeypatch, fail)
    assert main(["try", "x"]) == 1
    (fields,) = said(capsys)
    assert fields["error"]["what"] == "cannot go on: the disk of the store is full"
    assert "--store" in fields["error"]["hint"]


@pytest.mark.parametrize("error", [KeyError("x"), OSError(errno.ENOENT, "x", "/a"), RuntimeError("x")])
def test_a_fault_of_modpkg_passes_as_it_is(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(path: Path, sink: Sink) -> dict[str, Any]:
        del path, sink
        raise error

    task(monkeypatch, fail)
    with pytest.raises(type(error)):
        main(["try", "x"])


def test_a_fragment_is_unpacked_beside_and_then_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job = UnpackJob(fragment=tmp_path / "f", scratch=tmp_path / "s", directory=tmp_path / "trees/root/x")
    (tmp_path / "job.json").write_text(job.model_dump_json())

    def unpack(fragment: Path, directory: Path, *, sink: Sink) -> None:
        del sink
        assert (fragment, directory) == (job.fragment, job.scratch)
        assert not job.directory.exists()
        directory.mkdir(mode=0o755)
        (directory / "file").touch()

    monkeypatch.setattr(pack, "unpack", unpack)
    assert main(["unpack", str(tmp_path / "job.json")]) == 0
    assert said(capsys) == [{"result": {}}]
    assert (job.directory / "file").exists()
    assert not job.scratch.exists()
    assert stat.S_ISDIR(job.directory.stat().st_mode)
