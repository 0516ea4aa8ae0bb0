import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import Output
from modpkg.host.run import BASE_ENVIRONMENT, CommandError, Stopwatch, interact, run, running

PYTHON = sys.executable


def python(code: str) -> list[str]:
    return [PYTHON, "-c", code]


def test_what_a_program_writes_is_kept_apart_by_stream() -> None:
    completed = run(["sh", "-c", "echo out; echo err >&2"])
    assert (completed.stdout, completed.stderr, completed.returncode) == ("out\n", "err\n", 0)


def test_no_line_of_a_hundred_thousand_is_lost_on_either_stream() -> None:
    seen: list[Output] = []
    code = "import sys\nfor n in range(1, 100_001):\n print(n)\n print(-n, file=sys.stderr)"
    completed = run(python(code), sink=seen.append)  # type: ignore[arg-type]
    assert completed.stdout == "".join(f"{n}\n" for n in range(1, 100_001))
    assert completed.stderr == "".join(f"{-n}\n" for n in range(1, 100_001))
    assert len(seen) == 200_000
    assert [event.line for event in seen if not event.line.startswith("-")] == [
        str(n) for n in range(1, 100_001)
    ]


def test_short_runs_lose_nothing_either() -> None:
    expected = "".join(f"{n}\n" for n in range(1, 9001))
    for _ in range(10):
        assert run(["seq", "1", "9000"]).stdout == expected


def test_a_last_line_without_newline_is_kept() -> None:
    seen: list[object] = []
    assert run(["printf", "a\nb"], sink=seen.append).stdout == "a\nb"
    assert [event.line for event in seen if isinstance(event, Output)] == ["a", "b"]


def test_lines_arrive_while_the_program_runs(tmp_path: Path) -> None:
    # The program goes on only when the sink has seen its first line: a runner that waits would never end.
    go_on = tmp_path / "go-on"

    def sink(event: object) -> None:
        if event == Output("/usr/bin/sh", "first") or event == Output("/bin/sh", "first"):
            go_on.touch()

    code = f"echo first; for i in $(seq 200); do test -e {go_on} && exit 0; sleep 0.05; done; exit 9"
    assert run(["sh", "-c", code], sink=sink).returncode == 0


def test_bytes_that_are_no_text_do_not_end_the_reading() -> None:
    assert run(["printf", r"a\377b\nc\n"]).stdout == "a�b\nc\n"


def test_the_environment_is_built_from_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "from the caller")
    monkeypatch.setenv("LANG", "tlh_KX.UTF-8")
    lines = run(["env"], env={"SOURCE_DATE_EPOCH": "1"}).stdout.splitlines()
    expected = {**BASE_ENVIRONMENT, "SOURCE_DATE_EPOCH": "1"}
    assert sorted(lines) == sorted(f"{name}={value}" for name, value in expected.items())


def test_a_program_has_no_standard_input() -> None:
    assert run(["cat"]).stdout == ""
    assert run(["readlink", "/proc/self/fd/0"]).stdout == "/dev/null\n"


def test_text_is_given_as_standard_input_even_if_it_is_long() -> None:
    text = "".join(f"{n}\n" for n in range(100_000))
    assert run(["cat"], text=text).stdout == text


def test_a_program_that_does_not_read_its_input_is_judged_by_its_status() -> None:
    assert run(["true"], text="x" * 1_000_000).returncode == 0
    with pytest.raises(CommandError, match="status 1"):
        run(["false"], text="x" * 1_000_000)


def test_a_program_runs_where_it_is_told(tmp_path: Path) -> None:
    assert run(["pwd", "-P"], cwd=tmp_path).stdout == f"{tmp_path.resolve()}\n"


def test_words_are_not_for_a_shell() -> None:
    assert run(["printf", "%s", "$HOME; `id` *"]).stdout == "$HOME; `id` *"


def test_the_command_of_an_error_can_be_pasted(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    with pytest.raises(CommandError) as caught:
        run(["sh", "-c", 'echo "$WORD in $PWD"; exit 3'], env={"WORD": "it's $5"}, cwd=folder)
    hint = caught.value.hint
    assert hint.startswith("try it: ")
    pasted = run(["bash", "-c", hint.removeprefix("try it: ")], check=False)
    assert (pasted.returncode, pasted.stdout) == (3, f"it's $5 in {folder}\n")


def test_an_error_has_the_end_of_what_the_program_wrote() -> None:
    with pytest.raises(CommandError) as caught:
        run(["sh", "-c", "seq 1 100 >&2; exit 4"])
    lines = caught.value.what.splitlines()
    assert lines[0].endswith("sh: it ended with status 4")
    assert lines[1:] == [f"    {n}" for n in range(81, 101)]
    assert caught.value.completed.stderr.startswith("1\n2\n")


def test_an_error_of_a_program_that_was_silent_on_stderr_shows_its_stdout() -> None:
    with pytest.raises(CommandError, match="told on stdout"):
        run(["sh", "-c", "echo told on stdout; exit 1"])


def test_an_error_is_no_exception_where_the_status_is_asked_for() -> None:
    assert run(["sh", "-c", "exit 7"], check=False).returncode == 7


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (15, "SIGTERM"), (40, "signal 40")])
def test_a_program_that_was_killed_says_by_what(number: int, name: str) -> None:
    with pytest.raises(CommandError, match=f"was ended by {name}"):
        run(["sh", "-c", f"kill -{number} $$"])


def test_a_program_that_is_missing_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modpkg.host.tools.SEARCH_PATH", "/nonexistent")
    with pytest.raises(ModpkgError) as caught:
        run(["mksquashfs", "a", "b"])
    assert str(caught.value) == (
        "cannot find the program 'mksquashfs'\n  hint: apt-get install squashfs-tools"
    )


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModpkgError, match=f"cannot start .*true in {tmp_path}/gone: No such file"):
        run(["true"], cwd=tmp_path / "gone")


def test_a_file_that_is_no_program_is_an_error_of_the_user(tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_text("\x7fno ELF")
    path.chmod(0o755)
    with pytest.raises(ModpkgError, match="cannot start"):
        run([path])


def test_an_interrupted_run_leaves_no_child(tmp_path: Path) -> None:
    class Interrupt(BaseException):
        pass

    note = tmp_path / "pid"
    main = threading.main_thread().ident
    assert main == threading.get_ident()

    def handler(*_: object) -> None:
        raise Interrupt

    def interrupt(_: object) -> None:
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        with pytest.raises(Interrupt):
            run(["sh", "-c", f"echo $$ > {note}; echo ready; exec sleep 60"], sink=interrupt)
    finally:
        signal.signal(signal.SIGUSR1, before)
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


def test_a_program_keeps_running_inside_the_block_and_ends_with_it() -> None:
    lines: list[str] = []
    ready = threading.Event()

    def take(line: str) -> None:
        lines.append(line)
        ready.set()

    with running(["sh", "-c", "echo ready; exec sleep 60"], on_line=take) as child:
        assert ready.wait(10)
        assert child.poll() is None
    assert child.returncode == -signal.SIGTERM
    assert lines == ["ready\n"]


def test_a_program_that_ignores_to_be_ended_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modpkg.host.run.TERMINATE_SECONDS", 0.2)
    ready = threading.Event()
    code = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    with running(["sh", "-c", code], on_line=lambda _: ready.set()) as child:
        assert ready.wait(10)
    assert child.returncode == -signal.SIGKILL


def test_a_stopwatch_counts_the_work_of_children() -> None:
    watch = Stopwatch.started()
    run(python("import time\nwhile time.process_time() < 0.4: pass"))
    assert watch.cpu_seconds >= 0.3
    assert watch.seconds >= 0.3
    start = watch.cpu_seconds
    time.sleep(0.2)
    assert watch.cpu_seconds - start < 0.15


def test_nothing_can_be_left_in_the_home_of_a_program() -> None:
    assert run(["sh", "-c", "mkdir -p $HOME"], check=False).returncode != 0


@pytest.mark.parametrize("stream", ["1", "2"])
def test_a_program_that_found_the_disk_full_gets_the_hint_of_a_full_disk(stream: str) -> None:
    code = f"echo 'Write failed because No space left on device' >&{stream}; exit 1"
    with pytest.raises(CommandError) as caught:
        run(["sh", "-c", code])
    assert caught.value.hint == "free some space, or work elsewhere: --work DIR, --store DIR"
    assert "No space left on device" in caught.value.what


def test_a_person_s_program_gets_the_environment_and_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    interact(["sh", "-c", 'echo "$WORD"'], environ={"WORD": "hello", "PATH": "/usr/bin:/bin"})
    assert capfd.readouterr().out == "hello\n"


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["sh", "-c", "exit 3"], "cannot go on: sh ended with status 3; nothing was changed"),
        (["sh", "-c", "kill -9 $$"], "cannot go on: sh was ended by SIGKILL; nothing was changed"),
        (["/nowhere/vi"], "cannot start /nowhere/vi: No such file or directory"),
    ],
)
def test_a_person_s_program_that_fails_is_an_error(argv: list[str], reason: str) -> None:
    with pytest.raises(ModpkgError) as caught:
        interact(argv, environ={"PATH": "/usr/bin:/bin"})
    assert caught.value.what == reason
