import errno
import json
from pathlib import Path

import pytest

from modpkg.cli.failure import failure_from, keep_traceback
from modpkg.errors import BadInputError, DocumentError, ModpkgError, Problem


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def raised(error: BaseException) -> BaseException:
    def do() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        do()
    return caught.value


def test_an_error_is_one_message_with_its_way_out() -> None:
    failure = failure_from(ModpkgError("cannot boot it", where="compute", hint="build it first"))
    assert failure.text == "error: compute: cannot boot it\n  hint: build it first"
    assert failure.exit_code == 1


def test_bad_input_has_its_own_exit_code() -> None:
    failure = failure_from(BadInputError("cannot read it"))
    assert (failure.exit_code, failure.kind) == (2, "BadInputError")


def test_all_faults_of_documents_are_told_to_people_and_to_programs() -> None:
    problems = [
        Problem(
            file="a.yaml", line=2, column=3, message="unknown key 'depnds'", hint="did you mean 'depends'?"
        ),
        Problem(file="a.yaml", line=1, column=1, message="no name"),
    ]
    failure = failure_from(DocumentError(problems))
    assert failure.text.splitlines() == [
        "a.yaml:1:1: no name",
        "a.yaml:2:3: unknown key 'depnds'",
        "  hint: did you mean 'depends'?",
        "2 problems",
    ]
    error = json.loads(json.dumps(failure.to_data()))["error"]
    assert [problem["line"] for problem in error["problems"]] == [1, 2]
    assert error["problems"][1] == {
        "file": "a.yaml",
        "line": 2,
        "column": 3,
        "message": "unknown key 'depnds'",
        "hint": "did you mean 'depends'?",
        "source": "",
    }
    assert (error["what"], error["exit_code"]) == ("2 problems", 2)


def test_an_error_for_programs_has_all_its_facts() -> None:
    failure = failure_from(ModpkgError("cannot boot it", where="compute", hint="build it first"))
    assert failure.to_data() == {
        "error": {
            "kind": "ModpkgError",
            "what": "cannot boot it",
            "where": "compute",
            "hint": "build it first",
            "exit_code": 1,
            "problems": [],
        }
    }


def test_an_interruption_is_no_error_of_ours() -> None:
    failure = failure_from(KeyboardInterrupt())
    assert (failure.text, failure.exit_code) == ("interrupted", 130)


def test_a_full_disk_says_what_to_do() -> None:
    failure = failure_from(OSError(errno.ENOSPC, "No space left on device", "/work/build/x"))
    assert failure.text == (
        "error: cannot write /work/build/x: No space left on device\n"
        "  hint: free some space, or work elsewhere: --work DIR, --store DIR"
    )


def test_a_place_that_may_not_be_written_is_named() -> None:
    failure = failure_from(PermissionError(errno.EACCES, "Permission denied", "/root/x"))
    assert failure.text.startswith("error: cannot use /root/x: Permission denied\n")


def test_a_fault_of_ours_says_where_the_traceback_is(tmp_path: Path) -> None:
    failure = failure_from(raised(ZeroDivisionError("division by zero")))
    head, place, hint = failure.text.splitlines()
    assert head == "internal error: ZeroDivisionError: division by zero"
    path = Path(place.removeprefix("  traceback: "))
    assert path.parent == tmp_path
    assert "in do" in path.read_text()
    assert "please report it" in hint
    assert failure.exit_code == 1


def test_another_error_of_the_machine_is_a_fault_of_ours() -> None:
    assert failure_from(raised(OSError(errno.EPROTO, "Protocol error"))).kind == "InternalError"


def test_a_traceback_that_cannot_be_kept_does_not_hide_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/none")
    assert keep_traceback(raised(ValueError("x"))) == ""
    assert failure_from(raised(ValueError("x"))).text == "internal error: ValueError: x"
