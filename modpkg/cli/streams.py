"""Where a command writes, and what it does when nobody reads any more."""

from __future__ import annotations

import io
import os
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
        stream.reconfigure(errors="backslashreplace")
    return stream


def write_line(stream: TextIO, text: str) -> bool:
    """Write and flush; tell whether there was still a reader."""
    try:
        stream.write(f"{text}\n" if text else "")
        stream.flush()
    except BrokenPipeError:
        # The interpreter would complain again when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return False
    return True
