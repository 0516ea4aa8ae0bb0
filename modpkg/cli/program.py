"""The program `modpkg`: the same commands that `invoke` finds in a checkout. Holds no command itself."""

from __future__ import annotations

import difflib
import sys
from contextlib import contextmanager
from importlib import metadata
from typing import TYPE_CHECKING, Final

from invoke.collection import Collection
from invoke.exceptions import Exit, ParseError
from invoke.program import Program

from modpkg.cli.commands import (
    changes,
    channels,
    chroots,
    development,
    directories,
    disks,
    documents,
    images,
    modules,
    nodes,
    proofs,
    repositories,
    shares,
)
from modpkg.cli.spelling import spelled_out
from modpkg.cli.streams import unwritten, usable, write_if_possible, write_line
from modpkg.errors import EXIT_BAD_INPUT, EXIT_INTERRUPTED, BadInputError, ModpkgError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modpkg.cli.command import Command

LISTING: Final = frozenset({"--list", "-l", "--complete"})
COMMAND_GROUPS: Final = (
    documents,
    modules,
    repositories,
    channels,
    images,
    directories,
    nodes,
    disks,
    proofs,
    changes,
    chroots,
    shares,
    development,
)


def command_collection(words: Sequence[str] = ()) -> Collection:
    """Give the commands that the `words` of a command line name, or all of them where it names none or lists them.

    Invoke copies all that it knows when it reads a command line, which takes a tenth of a short command's time.
    """
    tasks = _commands()
    named = tasks.keys() & set(words) if LISTING.isdisjoint(words) else set()
    collection = Collection()
    for name in named or tasks:
        collection.add_task(tasks[name], name=name)
    return collection


def run_if_respelled(words: Sequence[str], *, binary: str) -> None:
    """Run a command line that invoke's own program could not read, and end the process; leave others to it."""
    spelled = _spelled_out(words)
    if spelled != list(words):
        _program(spelled, binary=binary).run([binary, *spelled])
        # It ends the process itself only where something failed, or was only to be shown.
        sys.exit(0)


def _spelled_out(words: Sequence[str]) -> list[str]:
    return spelled_out(words, _commands()) if LISTING.isdisjoint(words) else list(words)


def _commands() -> dict[str, Command]:
    return {
        name: task for group in COMMAND_GROUPS for name, task in Collection.from_module(group).tasks.items()
    }


def _program(words: Sequence[str], *, binary: str) -> ModpkgProgram:
    return ModpkgProgram(
        name="modpkg", binary=binary, binary_names=[binary], namespace=command_collection(words)
    )


class ModpkgProgram(Program):
    """Invoke's program with modpkg's exit codes: a wrong command line is bad input."""

    def print_version(self) -> None:
        """Print name and version of what is installed."""
        try:
            version = metadata.version("modpkg")
        except metadata.PackageNotFoundError:
            version = "(not installed)"
        sys.stdout.write(f"modpkg {version}\n")

    def create_config(self) -> None:
        """Read the configuration that invoke takes from the user's home."""
        with self._bad_configuration():
            super().create_config()

    def update_config(self, merge: bool = True) -> None:  # noqa: FBT001, FBT002 - invoke's own
        """Read the configuration that the environment or an option names."""
        with self._bad_configuration():
            super().update_config(merge)

    def parse_core(self, argv: list[str] | None) -> None:
        """Read the options before the command."""
        with self._bad_usage():
            super().parse_core(argv)

    def parse_tasks(self) -> None:
        """Read commands and their options."""
        with self._bad_usage():
            super().parse_tasks()

    def parse_cleanup(self) -> None:
        """Answer --help, --list and completion."""
        with self._bad_usage():
            super().parse_cleanup()

    @contextmanager
    def _bad_configuration(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            # It may be YAML, JSON or Python, with any error of its own.
            lines = str(error).splitlines() or [type(error).__name__]
            hint = "mend or remove it: .invoke.yaml in the home directory, or what INVOKE_ variables name"
            fault = BadInputError(f"cannot read the configuration of invoke: {lines[0]}", hint=hint)
            write_if_possible(usable(sys.stderr), f"error: {fault}")
            raise Exit(code=EXIT_BAD_INPUT) from error

    @contextmanager
    def _bad_usage(self) -> Iterator[None]:
        try:
            yield
        except ParseError as error:
            fault = BadInputError(f"cannot read the command line: {error}", hint=self._way_out(str(error)))
            write_if_possible(usable(sys.stderr), f"error: {fault}")
            raise Exit(code=EXIT_BAD_INPUT) from error

    def _way_out(self, message: str) -> str:
        words = message.split("'")
        if "required positional" in message:
            return f"try it: modpkg --help {words[1]}"
        near = difflib.get_close_matches(words[1], self._names(), n=1) if len(words) > 1 else []
        return f"did you mean {near[0]!r}?" if near else "try it: modpkg --help"

    def _names(self) -> list[str]:
        return list(command_collection().task_names)


def main() -> None:
    """Run the program with the arguments of this process."""
    code = 0
    try:
        code = _run()
        if sys.stdout is not None:
            # What invoke wrote of --help or --list may still wait.
            write_line(sys.stdout, "")
    except ModpkgError as error:
        write_if_possible(usable(sys.stderr), f"error: {error}")
        code = code or error.exit_code
    sys.exit(code)


def _run() -> int:
    words = _spelled_out(sys.argv[1:])
    try:
        _program(words, binary="modpkg").run(["modpkg", *words])
    except SystemExit as end:
        # Invoke ends as a failed command does where somebody interrupts it.
        return EXIT_INTERRUPTED if isinstance(end.__context__, KeyboardInterrupt) else int(end.code or 0)
    except BrokenPipeError:
        # The reader of --help or --list has seen enough.
        return 0
    except OSError as error:
        # Commands end their own errors: it is invoke that could not write.
        raise unwritten(sys.stdout, error) from error
    return 0
