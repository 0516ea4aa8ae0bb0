"""The event logs that a head keeps: `events/<node>/<when the boot began>_<boot id>.jsonl`, append-only.

Everything about a log is read from its file each time, so nothing is lost when the process that writes is killed.
Bounds: the newest boots of each node, so many bytes a boot. One process writes; any may read.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from modpkg.node.event_text import BootLog, ReportError, event_line, head_line, parse_log

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.node.event_text import Event

KEPT_BOOTS: Final = 10
MAX_LOG_BYTES: Final = 256 * 1024
SUFFIX: Final = ".jsonl"


@dataclass(frozen=True, slots=True)
class EventLogs:
    """All logs below `root`. `kept` boots of a node are kept."""

    root: Path
    kept: int = KEPT_BOOTS
    lock: threading.Lock = field(default_factory=threading.Lock, compare=False)

    def add(self, node: str, report: BootLog) -> tuple[Event, ...]:
        """Write what a report says and its log has not, and give it.

        `node` is a name of the inventory. Raises ReportError when the log is full.
        """
        with self.lock:
            path = self._find(node, report.boot)
            if path is None:
                path = self._make(node, report)
            data = path.read_bytes()
            log = parse_log(data)
            known = {event.key for event in log.events}
            new = list({event.key: event for event in report.events if event.key not in known}.values())
            first = "" if log.boot else head_line(report)
            text = "".join([first, *map(event_line, new)]).encode()
            if len(data) + len(text) > MAX_LOG_BYTES:
                raise ReportError(f"the log of this boot would be larger than {MAX_LOG_BYTES} bytes")
            if text:
                # A writer that was killed left a torn line: it stays one line, and ours begin after it.
                _append(path, (b"" if not data or data.endswith(b"\n") else b"\n") + text)
        return tuple(new)

    def paths(self, node: str) -> list[Path]:
        """Give the logs of a node, the oldest boot first."""
        try:
            found = [path for path in (self.root / node).iterdir() if path.suffix == SUFFIX]
        except OSError:
            # None yet, or no folder at all: as if nothing was told.
            return []
        # To read a pipe would be to wait without an end.
        return sorted(path for path in found if path.is_file())

    def newest(self, node: str, count: int) -> list[BootLog]:
        """Give the last boots of a node, the oldest first."""
        return [read_log(path) for path in self.paths(node)[-count:]]

    def _find(self, node: str, boot: str) -> Path | None:
        return next((path for path in self.paths(node) if path.name.endswith(f"_{boot}{SUFFIX}")), None)

    def _make(self, node: str, report: BootLog) -> Path:
        last = max((event.seconds for event in report.events), default=0.0)
        at = max((event.at for event in report.events), default=0.0)
        began = datetime.fromtimestamp(max(0.0, at - last), UTC)
        path = self.root / node / f"{began:%Y%m%dT%H%M%SZ}_{report.boot}{SUFFIX}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        # The new one last, whatever a clock that was set back would say.
        others = [other for other in self.paths(node) if other != path]
        for old in others[: max(0, len(others) + 1 - self.kept)]:
            old.unlink(missing_ok=True)
        return path


def read_log(path: Path) -> BootLog:
    """Read one log; one that is being removed is empty."""
    try:
        return parse_log(path.read_bytes())
    except FileNotFoundError:
        return BootLog(boot="", image="", events=())


def _append(path: Path, data: bytes) -> None:
    # One write: a reader sees all of it, or what was there before.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    finally:
        os.close(descriptor)
