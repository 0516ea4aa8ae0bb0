"""The program as a user meets it: `modpkg` and `invoke` in processes of their own."""

import json
import os
import pty
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from modpkg.host.run import Completed, run

ROOT = Path(__file__).parents[3]
CODE = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from modpkg.cli.start import main; main()"
# Not Python's own first line: the path of the interpreter may hold spaces.
MAIN = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(CODE)} "$@"\n'
# A command of the tests' own: it shows what a user sees of events, results and errors.
TASKS = f"""\
import sys
sys.path.insert(0, {str(ROOT)!r})
import time
from invoke.collection import Collection
from modpkg.cli.command import command
from modpkg.errors import BadInputError
from modpkg.events import Output, Progress, StepFinished, StepStarted

@command()
def work(session, seconds="0"):
    \"\"\"Work.\"\"\"
    session.sink(StepStarted("fetch", "it is new"))
    session.sink(Progress("fetch", 1, 2, "files"))
    time.sleep(float(seconds))
    session.sink(StepFinished("fetch", 1.5, 1.0))
    return {{"image": "compute", "lines": list(range(100_000))}}

@command()
def refuse(session):
    \"\"\"Refuse.\"\"\"
    raise BadInputError("cannot read it", where="a.yaml", hint="write it")

ns = Collection(work, refuse)
"""

pytestmark = pytest.mark.programs
Shell = Callable[[str], Completed]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Give a shell in which both programs are found, in a checkout with the tests' own commands."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "modpkg"
    program.write_text(MAIN)
    program.chmod(0o755)
    (folder / "invoke").symlink_to(Path(sys.executable).parent / "invoke")
    own = tmp_path / "own"
    own.mkdir()
    (own / "tasks.py").write_text(TASKS)
    path = f"{folder}:{os.environ['PATH']}"
    environment = {"PATH": path, "ROOT": str(ROOT), "OWN": str(own), "TMPDIR": str(tmp_path), "TERM": "xterm"}

    def call(script: str) -> Completed:
        return run(["bash", "-c", script], env=environment, cwd=tmp_path, check=False)

    return call


def test_both_programs_have_the_same_commands(shell: Shell) -> None:
    ours = json.loads(shell("modpkg --list --list-format json").stdout)
    theirs = json.loads(shell('cd "$ROOT"; invoke --list --list-format json').stdout)
    assert ours["tasks"] == theirs["tasks"]
    assert "test" in {task["name"] for task in ours["tasks"]}


@pytest.mark.parametrize("words", ["['--list']", "['--help']", "['--help', 'test']"])
def test_asking_for_help_loads_neither_documents_nor_terminal(words: str) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv[1:] = {words}\n"
        "from modpkg.cli.start import main\n"
        "try: main()\n"
        "except SystemExit: print({'pydantic', 'rich', 'ruamel'} & set(sys.modules))"
    )
    completed = run([sys.executable, "-c", code])
    assert completed.stdout.splitlines()[-1] == "set()"


def test_a_wrong_command_line_ends_with_two(shell: Shell) -> None:
    completed = shell("modpkg tset")
    assert (completed.returncode, completed.stdout) == (2, "")
    assert completed.stderr.splitlines() == [
        "error: cannot read the command line: No idea what 'tset' is!",
        "  hint: did you mean 'test'?",
    ]


@pytest.mark.parametrize("program", ["modpkg", "invoke"])
def test_two_words_are_a_command_in_both_programs(shell: Shell, program: str) -> None:
    listed = shell(f'cd "$ROOT"; {program} chroot list --place "$OWN" --output json')
    assert (listed.returncode, listed.stdout.strip(), listed.stderr) == (0, "[]", "")
    shown = shell(f'cd "$ROOT"; {program} chroot commit --help')
    assert shown.returncode == 0
    assert "modpkg chroot-commit" in shown.stdout


def test_an_error_is_one_message_and_a_status(shell: Shell) -> None:
    completed = shell('cd "$OWN"; invoke refuse')
    assert (completed.returncode, completed.stdout) == (2, "")
    assert completed.stderr == "error: a.yaml: cannot read it\n  hint: write it\n"


def test_commands_in_one_line_are_one_process_up_to_the_first_that_fails(shell: Shell) -> None:
    completed = shell('cd "$OWN"; invoke work --output json refuse work --output json-lines')
    assert completed.returncode == 2
    assert json.loads(completed.stdout)["image"] == "compute"
    assert completed.stderr.endswith("error: a.yaml: cannot read it\n  hint: write it\n")
    assert completed.stderr.count("fetch: started") == 1


def test_byte_code_of_all_that_is_loaded_is_written(shell: Shell, tmp_path: Path) -> None:
    # Compiled anew at each start, the commands alone would take a tenth of a second.
    written = f"env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX={tmp_path}/cache"
    assert shell(f'cd "$ROOT"; {written} invoke images').returncode == 0
    found = {path.name.partition(".")[0] for path in (tmp_path / "cache").rglob("modpkg/cli/**/*.pyc")}
    assert {"program", "command", "directories"} <= found


def test_an_error_in_json_is_an_object(shell: Shell) -> None:
    completed = shell('cd "$OWN"; invoke refuse --output json')
    assert json.loads(completed.stdout)["error"]["where"] == "a.yaml"


def test_a_result_in_json_is_alone_on_standard_output(shell: Shell) -> None:
    completed = shell('cd "$OWN"; invoke work --output json')
    assert json.loads(completed.stdout)["lines"][-1] == 99_999
    assert completed.stderr.splitlines() == ["fetch: started (it is new)", "fetch: done in 1.50 s"]


def test_json_lines_end_with_the_result(shell: Shell) -> None:
    lines = [json.loads(line) for line in shell('cd "$OWN"; invoke work -o json-lines').stdout.splitlines()]
    assert [line.get("event") for line in lines] == ["StepStarted", "Progress", "StepFinished", None]
    assert lines[-1]["result"]["image"] == "compute"


def test_a_reader_that_leaves_early_sees_no_traceback(shell: Shell) -> None:
    completed = shell('cd "$OWN"; invoke work 2>/dev/null | head -n 1; echo "${PIPESTATUS[0]}"')
    assert completed.stdout.splitlines() == ["image: compute", "141"]
    assert shell('cd "$OWN"; invoke work --output json | head -n 1').stderr.count("Traceback") == 0


def test_a_reader_of_the_help_that_leaves_early_sees_no_traceback(shell: Shell) -> None:
    assert shell("modpkg --help | true").stderr == ""


@pytest.mark.parametrize("words", ["--help", "--list", "--version", "images --output json"])
def test_output_that_cannot_be_written_is_one_error(shell: Shell, words: str) -> None:
    completed = shell(f'cd "$ROOT"; modpkg {words} > /dev/full')
    assert (completed.returncode, completed.stderr.splitlines()) == (
        1,
        [
            "error: cannot write the output: No space left on device",
            "  hint: send it to a place that takes it",
        ],
    )


@pytest.mark.parametrize(("words", "code"), [("images", 0), ("show-image nope", 2), ("tset", 2)])
def test_errors_that_cannot_be_written_change_no_status(shell: Shell, words: str, code: int) -> None:
    assert shell(f'cd "$ROOT"; modpkg {words} 2> /dev/full').returncode == code


def test_a_number_that_is_none_is_no_traceback_under_invoke(shell: Shell) -> None:
    completed = shell('cd "$ROOT"; invoke boot-image compute --memory-mb abc')
    assert (completed.returncode, completed.stderr) == (1, "'--memory-mb' is a whole number, not 'abc'\n")


def test_errors_go_on_without_a_reader(shell: Shell) -> None:
    completed = shell('cd "$OWN"; invoke refuse 2> >(true); echo $?')
    assert completed.stdout == "2\n"


@pytest.mark.parametrize("signal", ["INT", "TERM", "HUP"])
def test_a_command_that_is_ended_says_so(shell: Shell, signal: str) -> None:
    script = f"""
        cd "$OWN"
        set -m  # so that the shell does not make its child ignore SIGINT, as the one may that runs the tests
        env --default-signal=INT invoke work --seconds 60 2>log & child=$!
        for i in $(seq 100); do grep -q started log 2>/dev/null && break; sleep 0.1; done
        kill -{signal} $child
        wait $child
        echo "status $?"
        cat log
    """
    assert shell(script).stdout.splitlines() == ["status 130", "fetch: started (it is new)", "interrupted"]


@pytest.mark.parametrize("program", ["modpkg", "invoke"])
def test_bash_completes_commands_and_options(shell: Shell, program: str) -> None:
    script = f"""
        cd "$ROOT"
        source <({program} --print-completion-script bash)
        complete -p {program} >/dev/null || exit 9
        COMP_WORDS=({program} te); _complete_{program} {program} te; printf '%s\\n' "${{COMPREPLY[@]}}"
        COMP_WORDS=({program} test --sel)
        _complete_{program} {program} --sel test; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    completed = shell(script)
    assert completed.stdout.splitlines() == ["test", "--select"]


@pytest.mark.parametrize("name", ["zsh", "fish"])
@pytest.mark.parametrize("program", ["modpkg", "invoke"])
def test_other_shells_get_a_script_of_their_own(shell: Shell, program: str, name: str) -> None:
    completed = shell(f'cd "$ROOT"; {program} --print-completion-script {name}')
    assert f"{program} " in completed.stdout
    assert "--complete --" in completed.stdout
    checked = shell(
        f'command -v {name} >/dev/null || exit 0; cd "$ROOT"; {program} --print-completion-script {name} >s; '
        f"{name} -n s"
    )
    assert checked.returncode == 0


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish_completes_commands_and_options(shell: Shell) -> None:
    asked = "".join(f"complete -C 'modpkg {typed}'; " for typed in ("release-m", "test --sel"))
    completed = shell(f'HOME=$OWN fish -c "modpkg --print-completion-script fish | source; {asked}"')
    assert completed.stdout.split() == ["release-module", "--select"]


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_completes_commands_and_options(shell: Shell) -> None:
    # Only a terminal completes: zsh's own pseudo terminal types a word and a tab, and shows what came of it.
    completed = shell(
        """
        modpkg --print-completion-script zsh >script
        cat >typing <<'END'
        zmodload zsh/zpty
        zpty user zsh -f -i
        zpty -w user 'autoload -Uz compinit; compinit -u -D; source ./script; print -r -- REA''DY'
        zpty -r user seen '*READY*'
        zpty -n -w user $'modpkg test --sel\\t'
        zpty -r user seen '*--select*' && print -r completed
END
        timeout 60 zsh -f typing
        """
    )
    assert completed.stdout == "completed\n"


def test_a_terminal_gets_a_live_view_and_a_pipe_none(tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text(TASKS)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.environ["TERM"] = "xterm-256color"
        os.execv(  # noqa: S606 - it needs a terminal of its own
            sys.executable, [sys.executable, "-m", "invoke", "work", "--seconds", "0.4", "--output", "json"]
        )
    shown = b""
    while True:
        try:
            block = os.read(terminal, 65536)
        except OSError:
            break
        if not block:
            break
        shown += block
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    text = shown.decode()
    assert "\x1b[" in text
    assert "1 of 2 files" in text
    assert "✓" in text
