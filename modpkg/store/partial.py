"""Partial files: the beginnings of downloads, each held by one process at a time.

Never a temporary name per process: who comes next, even after a kill, goes on where the last one was.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from typing import TYPE_CHECKING, Final

from modpkg.events import Sink, Warned

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from modpkg.store.failures import Download
    from modpkg.store.store import Store

POLL_SECONDS: Final = 0.1


class StoppedError(Exception):
    """The fetch was given up while this file waited for another process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The beginning of a file, held by a lock on it."""

    path: Path
    stream: FileIO


@contextmanager
def held_part(
    store: Store, download: Download, *, stop: threading.Event, sink: Sink
) -> Iterator[Part | None]:
    """Hold the partial file of a download; None when the whole file is in the store by now."""
    path = store.root / "partial" / download.sha256
    path.parent.mkdir(parents=True, exist_ok=True)
    while not store.has(download.sha256):
        with _opened(path) as stream:
            _wait_for(stream, download.name, stop=stop, sink=sink)
            # Who held it may have moved or removed it: then this is no longer the partial file.
            if _is_at(stream, path):
                yield Part(path=path, stream=stream)
                _remove_if_empty(stream, path)
                return
    yield None


def _opened(path: Path) -> FileIO:
    # Unbuffered: a full disk must show at the write, not when the file is closed.
    return FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+")


def _wait_for(stream: FileIO, name: str, *, stop: threading.Event, sink: Sink) -> None:
    waiting = False
    while not _try_lock(stream):
        if not waiting:
            sink(Warned(f"waiting for another modpkg that fetches {name}"))
        waiting = True
        time.sleep(POLL_SECONDS)
        if stop.is_set():
            raise StoppedError


def _try_lock(stream: FileIO) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(stream: FileIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _remove_if_empty(stream: FileIO, path: Path) -> None:
    if _is_at(stream, path) and os.fstat(stream.fileno()).st_size == 0:
        path.unlink()
