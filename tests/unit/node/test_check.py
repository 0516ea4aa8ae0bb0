"""The check's script, read back as the shell would read it."""

import json
import shlex

from modpkg.model.module import ModuleTest
from modpkg.node.check import check_script

TESTS = {
    "slurm": (ModuleTest(name="it's a daemon", run="""slurmd -V | grep "slurm" && echo 'a b' $HOME"""),),
    "core": (ModuleTest(name="one", run="true"), ModuleTest(name="two", run="line one\nline two")),
}


def asked(script: str) -> list[tuple[str, str, str]]:
    """Give module, name and command of each question, with the shell's quotes taken off."""
    words = shlex.split(script, comments=True)
    found = []
    for at, word in enumerate(words):
        if word == "ask":
            about = json.loads("{" + words[at + 1] + "}")
            found.append((about["module"], about["name"], words[at + 2]))
    return found


def test_every_test_is_asked_as_it_was_written_modules_in_order() -> None:
    questions = [row for row in asked(check_script(TESTS)) if row[0]]
    assert questions == [
        ("core", "one", "true"),
        ("core", "two", "line one\nline two"),
        ("slurm", "it's a daemon", TESTS["slurm"][0].run),
    ]


def test_its_own_questions_are_there_without_any_test() -> None:
    names = [name for _, name, _ in asked(check_script({}))]
    assert names == ["multi-user", "startup", "memory", "audit", "failed-units", "end"]


def test_failed_units_are_asked_for_behind_the_tests_and_then_the_node_ends() -> None:
    script = check_script(TESTS)
    assert script.index("slurmd -V") < script.index("failed-units") < script.index("poweroff")
    assert script.endswith("exec 3>&-\nsystemctl poweroff --force --force\n")


def test_equal_tests_give_an_equal_script() -> None:
    assert check_script(TESTS) == check_script(dict(reversed(TESTS.items())))
