"""Where a command writes, and what it does when nobody reads any more."""

from __future__ import annotations

import io
import os
import select
from dataclasses import dataclass
from typing import TextIO


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
    return stream


def write_line(stream: TextIO, text: str) -> bool:
    """Write and flush; tell whether there was still a reader."""
    try:
        stream.write(f"{text}\n" if text else "")
        stream.flush()
    except BrokenPipeError:
        _silence(stream)
        return False
    return True


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
