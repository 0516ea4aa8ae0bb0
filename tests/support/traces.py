"""What a program leaves behind on the machine: processes that use a directory, and mounts on it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path


def traces_of(directory: Path) -> list[str]:
    """Give the processes, in words, that name a directory or have something mounted below it."""
    return [f"{pid}: {words}" for pid in _processes() for words in _uses(pid, str(directory))]


def traces_after(directory: Path, *, seconds: float = 10) -> list[str]:
    """Give the traces that are still there after a while: the kernel needs a moment to end a tree of processes."""
    deadline = time.monotonic() + seconds
    while (found := traces_of(directory)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def _processes() -> list[int]:
    names = [path.name for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return [int(name) for name in names if int(name) != os.getpid()]


def _uses(pid: int, directory: str) -> list[str]:
    place = Path("/proc") / str(pid)
    found = []
    # Processes end while one looks at them.
    with suppress(OSError):
        command = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        if directory in command:
            found.append(command)
        found += [line for line in (place / "mountinfo").read_text().splitlines() if directory in line]
        found += [
            str(link) for name in ("cwd", "root") if directory in str(link := (place / name).readlink())
        ]
    return found
