import shlex
from pathlib import Path

import pytest
from invoke.parser import Parser

from modpkg.cli.command import Command
from modpkg.cli.program import ModpkgProgram, command_collection, run_if_respelled
from modpkg.cli.spelling import spelled_out

COLLECTION = command_collection()
COMMANDS = sorted(COLLECTION.task_names)


def program(words: list[str]) -> int:
    with pytest.raises(SystemExit) as end:
        ModpkgProgram(name="modpkg", binary="modpkg", namespace=command_collection()).run(["modpkg", *words])
    code = end.value.code
    assert isinstance(code, int)
    return code


def examples(name: str) -> list[str]:
    lines = (COLLECTION[name].__doc__ or "").splitlines()
    return [line.split("Example: ")[1] for line in lines if "Example: " in line]


def words_of(example: str) -> list[str]:
    first, *rest = shlex.split(example)
    assert first == "modpkg"
    return rest


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example_that_it_accepts(name: str) -> None:
    shown = examples(name)
    assert shown
    for example in shown:
        parsed = Parser(contexts=COLLECTION.to_contexts()).parse_argv(
            spelled_out(words_of(example), COMMANDS)
        )
        assert [context.name for context in parsed] == [name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_ours_and_every_option_described(name: str) -> None:
    task = COLLECTION[name]
    assert isinstance(task, Command)
    assert [argument.name for argument in task.get_arguments() if not argument.help] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_names_are_words_with_dashes(name: str) -> None:
    assert "_" not in name
    assert name == name.lower()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_first_line_of_the_help_is_a_sentence(name: str) -> None:
    first = (COLLECTION[name].__doc__ or "").splitlines()[0]
    assert first.endswith(".")
    assert first[0].isupper()


def test_the_list_has_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert program(["--list"]) == 0
    out = capsys.readouterr().out
    assert [name for name in COMMANDS if f"  {name} " not in out] == []


def test_the_help_has_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert program(["--help"]) == 0
    out = capsys.readouterr().out
    assert [name for name in COMMANDS if f"  {name} " not in out] == []


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["lock", "--help"], "lock"),
        (["promote", "testing", "--help"], "promote"),
        (["chroot", "create", "--help"], "chroot-create"),
        (["--help", "chroot", "create"], "chroot-create"),
    ],
)
def test_what_invoke_cannot_read_is_run_by_our_program(
    words: list[str], command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        run_if_respelled(words, binary="invoke")
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert f"Usage: invoke [--core-opts] {command} " in out
    assert "Example: " in out


@pytest.mark.parametrize(
    "words", [[], ["--help"], ["--help", "lock"], ["lock", "compute"], ["--complete", "lock", "--help"]]
)
def test_other_command_lines_are_left_to_invoke(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run_if_respelled(words, binary="invoke")
    assert capsys.readouterr().out == ""


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert program(["--version"]) == 0
    name, version = capsys.readouterr().out.split(maxsplit=1)
    assert name == "modpkg"
    assert version.strip()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tset"], "did you mean 'test'?"),
        (["zzzz"], "try it: modpkg --help"),
        (["test", "--no-such-option"], "No idea what '--no-such-option' is!"),
        (["test", "--select"], "needed value and was not given one"),
        (["lock"], "try it: modpkg --help lock"),
        (["--help", "tset"], "did you mean 'test'?"),
        (["--no-such-option"], "error: cannot read the command line"),
        (["boot-image", "compute", "--memory-mb", "abc"], "'--memory-mb' is a whole number, not 'abc'"),
        (["chroot-commit", "a", "--keep", "1.5"], "'--keep' is a whole number, not '1.5'"),
    ],
)
def test_a_wrong_command_line_is_bad_input(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program(words) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: cannot read the command line: ")
    assert message in err


@pytest.mark.parametrize("content", [None, "a: [", "- a", "\xff"])
def test_a_configuration_of_invoke_that_cannot_be_read_is_bad_input(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    if content is None:
        (tmp_path / ".invoke.yaml").mkdir()
    else:
        (tmp_path / ".invoke.yaml").write_bytes(content.encode("latin-1"))
    assert program(["--version"]) == 2
    first, hint = capsys.readouterr().err.splitlines()
    assert first.startswith("error: cannot read the configuration of invoke: ")
    assert hint.startswith("  hint: mend or remove it")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("build-module core --offline", ["build-module"]),
        ("--help publish", ["publish"]),
        ("lint-recipe promote", ["lint-recipe", "promote"]),
        ("build-modul core", COMMANDS),
        ("", COMMANDS),
        ("--list build-module", COMMANDS),
        ("--complete -- modpkg build-module --", COMMANDS),
    ],
)
def test_only_what_a_command_line_names_is_read(line: str, names: list[str]) -> None:
    assert sorted(command_collection(line.split()).task_names) == names
