"""The one door to other programs.

A child gets an environment built from nothing and no standard input. Its output is streamed line by line as
events and kept whole. Nothing here interprets a shell string.
"""

from __future__ import annotations

import errno
import os
import shlex
import signal
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, Protocol

from modpkg.errors import DISK_FULL, ModpkgError
from modpkg.events import Output, Sink, ignore
from modpkg.host import tools

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

# A home that even root cannot make: rpm, asked as root, left its database in /nonexistent.
BASE_ENVIRONMENT: Final = {
    "PATH": tools.SEARCH_PATH,
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "HOME": "/proc/nonexistent",
}
TAIL_LINES: Final = 20
TERMINATE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Completed:
    """A finished program: what it was, what it wrote, how it ended."""

    argv: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str


class CommandError(ModpkgError):
    """A program failed. The message holds the command, ready to be pasted, and the end of what it wrote."""

    def __init__(self, completed: Completed, *, environment: Mapping[str, str], cwd: Path | None) -> None:
        self.completed = completed
        tail = (completed.stderr or completed.stdout).splitlines()[-TAIL_LINES:]
        ended = _how_it_ended(completed.returncode)
        words = [f"{name}={value}" for name, value in sorted(environment.items())]
        command = shlex.join(["env", "-i", *words, *completed.argv])
        place = f"cd {shlex.quote(str(cwd))} && " if cwd else ""
        body = "".join(f"\n    {line}" for line in tail)
        full = any(os.strerror(errno.ENOSPC) in line for line in tail)
        super().__init__(
            f"cannot run {completed.argv[0]}: it {ended}{body}",
            hint=DISK_FULL if full else f"try it: {place}{command}",
        )


def _how_it_ended(returncode: int) -> str:
    if returncode < 0:
        # Real-time signals have no names of their own.
        names = {number.value: number.name for number in signal.Signals}
        return f"was ended by {names.get(-returncode, f'signal {-returncode}')}"
    return f"ended with status {returncode}"


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give the fixed environment of children, with `extra` on top."""
    return {**BASE_ENVIRONMENT, **(extra or {})}


def run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    sink: Sink = ignore,
    check: bool = True,
    text: str | None = None,
) -> Completed:
    """Run a program to its end and give what it wrote.

    `env` is added to the fixed environment; `text`, if any, is its standard input. Raises CommandError when
    it fails and `check` holds, ModpkgError when it does not exist.
    """
    words = _words(argv)
    child = _popen(words, env=env, cwd=cwd, stdin=subprocess.DEVNULL if text is None else subprocess.PIPE)
    stdout, stderr = collect(child, words[0], sink, text)
    completed = Completed(words, child.returncode, stdout, stderr)
    if check and child.returncode != 0:
        raise CommandError(completed, environment=environment(env), cwd=cwd)
    return completed


@contextmanager
def running(
    argv: Sequence[str | Path],
    *,
    on_line: Callable[[str], None],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Keep a program running inside the block, every line it writes given to `on_line`, then end it."""
    child = _popen(_words(argv), env=env, cwd=cwd, stdin=subprocess.DEVNULL)
    readers = [_reader(stream, on_line) for stream in _outputs(child)]
    try:
        yield child
    finally:
        _end(child)
        for reader in readers:
            reader.join()


def cpu_seconds() -> float:
    """Give user + system seconds of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@dataclass(slots=True)
class Stopwatch:
    """Wall and CPU seconds since it was made."""

    wall_start: float
    cpu_start: float

    @classmethod
    def started(cls) -> Stopwatch:
        """Give a stopwatch that starts now."""
        return cls(time.monotonic(), cpu_seconds())

    @property
    def seconds(self) -> float:
        """Wall seconds so far."""
        return time.monotonic() - self.wall_start

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds so far, children included once they have ended."""
        return cpu_seconds() - self.cpu_start


def _words(argv: Sequence[str | Path]) -> tuple[str, ...]:
    words = [str(word) for word in argv]
    words[0] = tools.require(words[0])
    return tuple(words)


def _popen(
    words: tuple[str, ...], *, env: Mapping[str, str] | None, cwd: Path | None, stdin: int
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            words,
            env=environment(env),
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        # A folder that is gone, a file that is no program, too many arguments.
        place = f" in {cwd}" if cwd else ""
        raise ModpkgError(f"cannot start {words[0]}{place}: {error.strerror}") from error


class Child(Protocol):
    """What is asked of a child: `subprocess.Popen[str]`, or one of `modpkg.host.fork`."""

    @property
    def stdin(self) -> IO[str] | None:
        """What it reads."""

    @property
    def stdout(self) -> IO[str] | None:
        """What it writes."""

    @property
    def stderr(self) -> IO[str] | None:
        """Where it complains."""

    def poll(self) -> int | None:
        """Give its status if it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end at most so many seconds; raises TimeoutError or subprocess.TimeoutExpired."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""


def collect(child: Child, program: str, sink: Sink, text: str | None = None) -> tuple[str, str]:
    """Give what a child writes to its end, each line to `sink` as well; `text` is its input."""
    # A thread a stream: reading one to its end while the other fills would block the child.
    kept: tuple[list[str], list[str]] = ([], [])
    lock = threading.Lock()

    def keep(lines: list[str]) -> Callable[[str], None]:
        def take(line: str) -> None:
            lines.append(line)
            with lock:
                sink(Output(program, line.rstrip("\n")))

        return take

    readers: list[threading.Thread] = []
    try:
        for stream, lines in zip(_outputs(child), kept, strict=True):
            readers.append(_reader(stream, keep(lines)))
        _feed(child, text)
        for reader in readers:
            reader.join()
        child.wait()
    except BaseException:
        _end(child)
        # An interruption may come before each stream has the reader that closes it.
        for stream in _outputs(child)[len(readers) :]:
            stream.close()
        raise
    return "".join(kept[0]), "".join(kept[1])


def _outputs(child: Child) -> list[IO[str]]:
    return [stream for stream in (child.stdout, child.stderr) if stream]


def _feed(child: Child, text: str | None) -> None:
    if child.stdin:
        # A child may end without reading all: its status tells, not our pipe.
        with suppress(BrokenPipeError), child.stdin as pipe:
            pipe.write(text or "")


def _reader(stream: IO[str], on_line: Callable[[str], None]) -> threading.Thread:
    def read() -> None:
        if stream.closed:
            # An interruption came after this thread was made and before it was known.
            return
        with stream:
            for line in stream:
                on_line(line)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _end(child: Child) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(TERMINATE_SECONDS)
        except (subprocess.TimeoutExpired, TimeoutError):
            child.kill()
            child.wait()


def attend(argv: Sequence[str], *, environ: Mapping[str, str], hint: str = "") -> int:
    """Let a person work in a program that has this process' terminal and `environ`; give its exit status."""
    try:
        return subprocess.call(argv, env=dict(environ))
    except OSError as error:
        raise ModpkgError(f"cannot start {argv[0]}: {error.strerror}", hint=hint) from error


def interact(argv: Sequence[str], *, environ: Mapping[str, str]) -> None:
    """Let a person work in a program, as `attend` does. Raises ModpkgError if it fails."""
    status = attend(argv, environ=environ, hint="set VISUAL or EDITOR to an editor that is installed")
    if status != 0:
        raise ModpkgError(f"cannot go on: {argv[0]} {_how_it_ended(status)}; nothing was changed")
