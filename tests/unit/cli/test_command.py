import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from modpkg.cli.command import Command, command
from modpkg.cli.options import Session
from modpkg.errors import BadInputError, DocumentError, ModpkgError, Problem
from modpkg.events import Output, StepStarted


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    name: str

    @property
    def exit_code(self) -> int:
        return 1


@command(helps={"name": "Which one."})
def build_it(session: Session, name: str, *, fast: bool = False) -> Built:
    """Build it.

    Example: modpkg build-it core
    """
    session.sink(StepStarted(f"build {name}", "it is new"))
    session.sink(Output("mksquashfs", "a line"))
    return Built(name=f"{name}{'-fast' if fast else ''}", size_bytes=1500)


def of(function: object) -> Command:
    assert isinstance(function, Command)
    return function


def call(task: Command, **arguments: object) -> int:
    shared = {"output": "text", "work": None, "store": None, "verbose": False}
    try:
        task(Context(), **{**shared, **arguments})
    except Exit as end:
        return end.code
    return 0


def failing(error: BaseException) -> Command:
    @command()
    def fail(session: Session) -> None:
        """Fail."""
        session.sink(StepStarted("try"))
        raise error

    return fail


def test_a_command_has_the_shared_options_after_its_own() -> None:
    names = [argument.name for argument in build_it.get_arguments()]
    assert names == ["name", "fast", "output", "work", "store", "verbose"]


def test_only_chosen_options_have_a_short_flag() -> None:
    short = {argument.name: argument.names[1:] for argument in build_it.get_arguments()}
    assert short == {
        "name": (),
        "fast": (),
        "output": ("o",),
        "work": (),
        "store": (),
        "verbose": ("v",),
    }


def test_every_option_is_described() -> None:
    described = [a.help for a in build_it.get_arguments() if a.name != "fast"]
    assert all(described)


def test_a_result_is_text_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(build_it, name="core", fast=True) == 0
    out, err = capsys.readouterr()
    assert out == "name:       core-fast\nsize bytes: 1.5 kB\n"
    assert err == "build core: started (it is new)\n"


def test_json_is_alone_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(build_it, name="core", fast=False, output="json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"name": "core", "size_bytes": 1500}
    assert "\x1b" not in err


def test_json_lines_end_with_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(build_it, name="core", fast=False, output="json-lines") == 0
    out, err = capsys.readouterr()
    *events, last = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == ["StepStarted", "Output"]
    assert last == {"result": {"name": "core", "size_bytes": 1500}}
    assert err == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [(ModpkgError("cannot do it"), 1), (BadInputError("cannot read it"), 2), (KeyboardInterrupt(), 130)],
)
def test_errors_have_their_exit_codes_and_no_traceback(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(failing(error)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 2
    assert "Traceback" not in err


def test_an_error_in_json_is_an_object_on_standard_output_too(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem(file="a.yaml", message="no name")
    assert call(failing(DocumentError([problem])), output="json") == 2
    out, err = capsys.readouterr()
    error = json.loads(out)["error"]
    assert (error["kind"], error["exit_code"], len(error["problems"])) == ("DocumentError", 2, 1)
    assert err == "try: started\na.yaml: no name\n1 problem\n"


def test_an_error_in_json_lines_is_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(failing(ModpkgError("cannot do it")), output="json-lines") == 1
    lines = capsys.readouterr().out.splitlines()
    assert [next(iter(json.loads(line))) for line in lines] == ["event", "error"]


def test_a_wrong_way_to_answer_is_an_error_before_any_work(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(build_it, name="core", fast=False, output="xml") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: --output: cannot answer as 'xml'\n")


def test_a_fault_of_ours_is_kept_and_not_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert call(failing(ZeroDivisionError("oh"))) == 1
    err = capsys.readouterr().err
    assert "internal error: ZeroDivisionError: oh" in err
    assert 'File "' not in err
    assert [path.name.startswith("modpkg-error-") for path in tmp_path.iterdir()] == [True]


def test_a_result_may_bring_an_exit_code_along(capsys: pytest.CaptureFixture[str]) -> None:
    @command()
    def check(session: Session) -> Checked:
        """Check."""
        del session
        return Checked(name="lint")

    assert call(check, output="json") == 1
    assert json.loads(capsys.readouterr().out) == {"name": "lint"}


def test_a_command_without_a_result_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    @command()
    def nothing(session: Session) -> None:
        """Do nothing."""
        del session

    assert call(nothing) == 0
    assert capsys.readouterr().out == ""


def test_work_and_store_reach_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    @command(name="show")
    def show_places(session: Session) -> list[Path]:
        """Show places."""
        return [session.work, session.store]

    assert show_places.name == "show"
    assert call(show_places, work=str(tmp_path), store="/s", output="json") == 0
    assert json.loads(capsys.readouterr().out) == [str(tmp_path), "/s"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_ended_tidies_up(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    tidied = []

    @command()
    def endless(session: Session) -> None:
        """Work."""
        del session
        try:
            os.kill(os.getpid(), number)
            signal.pause()
        finally:
            tidied.append(True)

    before = signal.getsignal(number)
    assert call(endless) == 130
    assert tidied == [True]
    assert signal.getsignal(number) == before
    assert capsys.readouterr().err == "interrupted\n"


def test_python_keeps_its_byte_code_although_invoke_forbids_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    call(build_it, name="core", fast=False)
    assert sys.dont_write_bytecode == bool(sys.flags.dont_write_bytecode)


def test_a_dry_run_has_a_short_flag() -> None:
    @command()
    def plan_it(session: Session, *, dry_run: bool = False) -> None:
        """Plan."""
        del session, dry_run

    short = {name for argument in plan_it.get_arguments() for name in argument.names}
    assert {"dry-run", "n"} <= short


def test_a_result_may_have_a_text_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    @dataclass(frozen=True)
    class Poem:
        lines: int

        def as_text(self) -> str:
            return "a poem"

    @command()
    def write_it(session: Session) -> Poem:
        """Write."""
        del session
        return Poem(lines=1)

    assert call(write_it) == 0
    assert capsys.readouterr().out == "a poem\n"
    assert call(write_it, output="json") == 0
    assert json.loads(capsys.readouterr().out) == {"lines": 1}
