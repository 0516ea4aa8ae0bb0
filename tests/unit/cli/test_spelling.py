import pytest

from modpkg.cli.program import command_collection
from modpkg.cli.spelling import OPTIONAL, spelled_out

COMMANDS = command_collection().task_names


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", ""),
        ("lock compute", "lock compute"),
        ("lock --help", "--help lock"),
        ("build-module core lock --help", "--help lock"),
        ("--help lock", "--help lock"),
        ("--help", "--help"),
        ("chroot create apps --place /srv", "chroot-create apps --place /srv"),
        ("chroot list", "chroot-list"),
        ("chroot shell --help", "--help chroot-shell"),
        ("chroot paint", "chroot paint"),
        ("build-module chroot lock compute", "build-module chroot lock compute"),
        (
            "verify-repository https://example.org/x --quick",
            "verify-repository --place https://example.org/x --quick",
        ),
        ("verify-repository --quick", "verify-repository --quick"),
        ("verify-repository", "verify-repository"),
    ],
)
def test_a_command_line_is_written_as_invoke_reads_it(written: str, read: str) -> None:
    assert spelled_out(written.split(), COMMANDS) == read.split()


@pytest.mark.parametrize("name", sorted(OPTIONAL))
def test_an_argument_that_may_be_left_out_is_an_option_of_its_command(name: str) -> None:
    task = command_collection()[name]
    assert OPTIONAL[name] in {f"--{argument.name}" for argument in task.get_arguments()}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_read_as_it_is(name: str) -> None:
    assert spelled_out([name], COMMANDS) == [name]
