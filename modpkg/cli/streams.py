"""Where a command writes, and what it does when nobody reads any more."""

from __future__ import annotations

import io
import os
import select
from dataclasses import dataclass
from typing import TextIO

from modpkg.errors import ModpkgError


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Results go to `stdout`, all else to `stderr`, which may be a terminal."""

    stdout: TextIO
    stderr: TextIO
    is_terminal: bool


def usable(stream: TextIO | None) -> TextIO:
    """Give a stream that takes any text: one that was closed swallows it, what it cannot encode is escaped."""
    if stream is None:
        return io.StringIO()
    if isinstance(stream, io.TextIOWrapper):
        try:
            stream.reconfigure(errors="backslashreplace")
        except BrokenPipeError:
            # It flushes what was written before, and the reader of that has gone.
            _silence(stream)
        except OSError:
            # What was written before cannot be; what comes now may be told elsewhere.
            _silence(stream)
    return stream


def write_line(stream: TextIO, text: str) -> bool:
    """Write and flush; tell whether there was still a reader. Raises ModpkgError where it cannot be written."""
    try:
        stream.write(f"{text}\n" if text else "")
        stream.flush()
    except BrokenPipeError:
        _silence(stream)
        return False
    except OSError as error:
        raise unwritten(stream, error) from error
    return True


def unwritten(stream: TextIO, error: OSError) -> ModpkgError:
    """Give the error of a stream that cannot be written, and let it swallow what may still come."""
    _silence(stream)
    hint = "send it to a place that takes it"
    return ModpkgError(f"cannot write the output: {error.strerror or error}", hint=hint)


def write_if_possible(stream: TextIO, text: str) -> None:
    """Write and flush, or not: the exit code still tells."""
    try:
        write_line(stream, text)
    except ModpkgError:
        # It would be told on the stream that cannot be written.
        return


def has_reader(stream: TextIO) -> bool:
    """Tell whether somebody may still read, without writing: a pipe knows when its other end is closed."""
    try:
        waiting = select.poll()
        waiting.register(stream.fileno(), 0)
    except (OSError, ValueError):
        return True
    return not any(found & select.POLLERR for _, found in waiting.poll(0))


def _silence(stream: TextIO) -> None:
    # The interpreter would complain again when it flushes at its end.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
