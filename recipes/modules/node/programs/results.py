"""What a program of the node did, as one JSON file in /run that the head's reports and people read."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

PLACE = Path("/run/modpkg/results")
SHARE = Path("/srv/common")
# How a node tells its head of what happens after the initrd: docs/how-to/watch-nodes.md. Not there: nobody asks.
TELL = Path("/run/modpkg/tell.sh")
TELL_SECONDS = 10
# How long to wait before each further try to mount the share, in seconds.
PAUSES = (2, 5, 10)
# The head's settings say that there is a share by this unit.
UNIT = Path("/etc/systemd/system/srv-common.mount")


@dataclass
class Entry:
    """One thing that was done: a script, a file. `detail` says what is wrong, or what changed."""

    name: str
    ok: bool
    detail: str
    seconds: float = 0.0


@dataclass
class Result:
    """All that one program did. `problem` is what kept it from doing anything; warnings harm nothing."""

    program: str
    problem: str = ""
    warnings: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    @property
    def is_ok(self) -> bool:
        """Tell whether all went well."""
        return not self.problem and all(entry.ok for entry in self.entries)

    def warn(self, text: str) -> None:
        """Say what harms nothing, in the journal and in the result."""
        self.warnings.append(text)
        say(f"warning: {text}")

    def add(self, entry: Entry) -> None:
        """Keep what was done, and say it in the journal."""
        self.entries.append(entry)
        say(f"{entry.name}: {'' if entry.ok else 'failed: '}{entry.detail}")

    def summary(self) -> str:
        """Give all of it in one line."""
        failed = [entry for entry in self.entries if not entry.ok]
        if self.problem or not failed:
            return self.problem or f"{len(self.entries)} entries"
        more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
        return f"{failed[0].name}: {failed[0].detail}{more}"

    def finish(self, place: Path) -> int:
        """Write the result below `place` and give the exit status: 0 or 1."""
        if self.problem:
            say(f"failed: {self.problem}")
        told = asdict(self)
        del told["started"]
        told |= {"ok": self.is_ok, "seconds": round(time.monotonic() - self.started, 2)}
        place.mkdir(mode=0o755, parents=True, exist_ok=True)
        scratch = place / f".{self.program}.new"
        scratch.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        scratch.replace(place / f"{self.program}.json")
        if place == PLACE and TELL.exists():
            tell_head([self.program, "end" if self.is_ok else "failed", self.summary()])
        return 0 if self.is_ok else 1


def share_problem(share: Path) -> str:
    """Say why the share cannot be used; "" if it can, or if this node has none."""
    try:
        if share == SHARE and UNIT.exists() and not is_mounted(share):
            return f"the share is not mounted at {share}: journalctl -u {UNIT.name} tells why"
        if share.exists():
            next(share.iterdir(), None)
    except OSError as error:
        return f"cannot read the share {share}: {error.strerror}"
    return ""


def is_mounted(share: Path) -> bool:
    """Tell whether the share is mounted, after more tries if it is not: its network may just be configured."""
    for pause in PAUSES:
        if share.is_mount():
            return True
        time.sleep(pause)
        subprocess.run(["systemctl", "start", UNIT.name], check=False, capture_output=True)  # noqa: S607
    return share.is_mount()


def tell_head(words: list[str]) -> None:
    """Tell the head in one try: if it is away, the node's last report has this line too."""
    command = ["/bin/sh", str(TELL), *words]
    try:
        subprocess.run(
            command,
            check=False,
            timeout=TELL_SECONDS,
            capture_output=True,
            env={**os.environ, "MODPKG_PAUSES": "0"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        say(f"cannot tell the head: {error}")


def say(text: str) -> None:
    """Write one line to the journal."""
    print(text.encode("ascii", "backslashreplace").decode(), flush=True)  # noqa: T201 - the journal reads it
