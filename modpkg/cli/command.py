"""A function of a session becomes a command: shared options, one way to answer, to fail and to be ended.

Holds no command itself.
"""

from __future__ import annotations

import gc
import inspect
import json
import os
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from invoke.exceptions import Exit, ParseError
from invoke.parser.argument import Argument
from invoke.tasks import Task

from modpkg.cli import render
from modpkg.cli.failure import Failure, failure_from
from modpkg.cli.options import Options, Output, Session, Surroundings, parse_options, parse_output
from modpkg.cli.sinks import open_sink
from modpkg.cli.streams import Streams, usable, write_if_possible, write_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

    from invoke.context import Context

EXIT_NO_READER: Final = 128 + signal.SIGPIPE
# Models are many objects and no garbage: to look through them again and again is a tenth of a short command.
OBJECTS_BEFORE_COLLECTION: Final = 50_000
SHORT: Final = {"output": "o", "dry-run": "n", "verbose": "v"}
SHARED: Final = {
    "output": "How to answer: text, json (the result alone), or json-lines (events, then the result).",
    "work": "Folder for all that is made. Default: $MODPKG_WORK or build/ of the checkout.",
    "store": "Folder for downloads and built fragments. Default: $MODPKG_STORE or ~/.cache/modpkg.",
    "verbose": "Show what the programs that are run write.",
}
SHARED_PARAMETERS: Final = (
    inspect.Parameter("output", inspect.Parameter.KEYWORD_ONLY, default="text"),
    inspect.Parameter("work", inspect.Parameter.KEYWORD_ONLY, default=None),
    inspect.Parameter("store", inspect.Parameter.KEYWORD_ONLY, default=None),
    inspect.Parameter("verbose", inspect.Parameter.KEYWORD_ONLY, default=False),
)


class WholeNumber(Argument):
    """An argument that is a whole number: another word is a wrong command line, not an error of Python."""

    def set_value(self, value: Any, cast: bool = True) -> None:  # noqa: FBT001, FBT002 - invoke's own
        """Take the word of the command line."""
        try:
            super().set_value(value, cast)
        except ValueError:
            name = str(self.name).replace("_", "-")
            raise ParseError(f"'--{name}' is a whole number, not {value!r}") from None


class Command(Task):  # type: ignore[type-arg]
    """A task whose few short flags are chosen, not guessed: a new option never changes an old flag."""

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:  # noqa: FBT001 - invoke's own
        """Give the arguments of the command line."""
        helps = self.help.copy()
        arguments = super().get_arguments(ignore_unknown_help)
        # Invoke takes each description out: a second call would find none.
        self.help = helps
        arguments = [_checked(argument) for argument in arguments]
        for argument in arguments:
            name = str(argument.name).replace("_", "-")
            if name in SHORT:
                argument.names = (*argument.names, SHORT[name])
        return arguments


def _checked(argument: Argument) -> Argument:
    if argument.kind is not int:
        return argument
    return WholeNumber(
        names=argument.names,
        kind=int,
        default=argument.default,
        help=argument.help,
        positional=argument.positional,
        optional=argument.optional,
        attr_name=argument.attr_name,
    )


def command(
    *, name: str | None = None, helps: Mapping[str, str] | None = None, shows_output: bool = False
) -> Callable[[Callable[..., object]], Command]:
    """Make a command of `function(session, ...)`; its result is shown as the user asked.

    Its name is the function's if none is given. `helps` describes its arguments. With `shows_output` it
    always shows what its programs write.
    """

    def decorate(function: Callable[..., object]) -> Command:
        @wraps(function)
        def body(context: Context, **arguments: Any) -> None:
            del context
            # Invoke keeps Python from writing byte code: each run would compile all that it loads.
            sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)
            gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
            code = perform(function, arguments, shows_output=shows_output)
            # What is left is needed no more and is no garbage: Python would look through all of it before it ends.
            gc.freeze()
            if code:
                raise Exit(code=code)

        body.__signature__ = _signature(function)  # type: ignore[attr-defined]
        return Command(body, name, auto_shortflags=False, help={**(helps or {}), **SHARED})

    return decorate


def _signature(function: Callable[..., object]) -> inspect.Signature:
    context, *own = inspect.signature(function).parameters.values()
    return inspect.Signature([context, *own, *SHARED_PARAMETERS])


def perform(function: Callable[..., object], arguments: Mapping[str, Any], *, shows_output: bool) -> int:
    """Run a command with what the command line said and give its exit code."""
    own = {name: value for name, value in arguments.items() if name not in SHARED}
    shared = {name: value for name, value in arguments.items() if name in SHARED}
    shared["verbose"] = shared["verbose"] or shows_output
    answer = Answer("text", _streams())
    try:
        answer = Answer(parse_output(shared["output"]), answer.streams)
        options = parse_options(_surroundings(), **shared)
        with ended_by_signals():
            return answer.result(_work(function, own, options=options, streams=answer.streams))
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place that ends all errors
        return answer.failure(failure_from(error))


def _work(
    function: Callable[..., object], own: Mapping[str, Any], *, options: Options, streams: Streams
) -> object:
    with open_sink(streams, output=options.output, verbose=options.verbose) as sink:
        session = Session(
            project=options.project,
            work=options.work,
            store=options.store,
            sink=sink,
            environ=os.environ,
        )
        return function(session, **own)


def _streams() -> Streams:
    stdout, stderr = usable(sys.stdout), usable(sys.stderr)
    is_terminal = stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return Streams(stdout=stdout, stderr=stderr, is_terminal=is_terminal)


def _surroundings() -> Surroundings:
    return Surroundings(environment=os.environ, here=Path.cwd(), home=Path.home())


@dataclass(frozen=True, slots=True)
class Answer:
    """The last word of a command, in the form that was asked for."""

    output: Output
    streams: Streams

    def result(self, value: object) -> int:
        """Show a result and give the exit code, which a result may bring along. One that goes on shows itself."""
        show = getattr(value, "show", None)
        if show:
            return 0 if show(self.output, self.streams.stdout) else EXIT_NO_READER
        if self.output == "json":
            text = json.dumps(render.to_data(value), indent=2)
        elif self.output == "json-lines":
            text = json.dumps({"result": render.to_data(value)})
        else:
            own = getattr(value, "as_text", None)
            text = own() if own else render.to_text(value)
        code: int = getattr(value, "exit_code", 0)
        return self._write(text) or code

    def failure(self, failure: Failure) -> int:
        """Show why the command ended and give the exit code."""
        if self.output != "text":
            indent = 2 if self.output == "json" else None
            write_if_possible(self.streams.stdout, json.dumps(failure.to_data(), indent=indent))
        write_if_possible(self.streams.stderr, failure.text)
        return failure.exit_code

    def _write(self, text: str) -> int:
        return 0 if write_line(self.streams.stdout, text) else EXIT_NO_READER


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP came: children are ended and temporary things removed on the way out."""


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into an exception while the block runs, so that everything is tidied up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise Terminated

    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
