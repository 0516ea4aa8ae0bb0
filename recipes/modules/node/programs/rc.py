"""Runs the scripts in the share's rc.boot, one by one in the order of their names' bytes, as a node's last step.

Which files are scripts is run-parts' rule: a name of letters, digits, dashes and underscores, so that no
editor's backup and nothing of a package manager runs. systemd runs each in a unit of its own: at its time limit
all that it started is ended with it. A script that fails is recorded, and the next one runs.
"""

from __future__ import annotations

import argparse
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

from results import PLACE, SHARE, Entry, Result, share_problem

FOLDER = "rc.boot"
NAME = re.compile(r"[A-Za-z0-9_-]+")
SECONDS = 120
FULL_BYTES = 1 << 20
WORDS = {
    "timeout": "its time of {seconds} s was over",
    "exit-code": "it ended with status {status}",
    "signal": "it was ended by a signal",
    "core-dump": "it crashed",
    "oom-kill": "it ran out of memory",
    "resources": "systemd had no resources for it",
}


def find_scripts(folder: Path, result: Result) -> list[Path]:
    """Give the scripts in their order; says what of the folder is none."""
    scripts = []
    for path in sorted(folder.iterdir(), key=os.fsencode):
        name = path.name
        if not NAME.fullmatch(name):
            result.warn(f"{FOLDER}/{name} is left out: a script's name has letters, digits, - and _ only")
            continue
        try:
            mode = path.stat().st_mode
        except OSError as error:
            result.add(Entry(name, ok=False, detail=f"it cannot be read: {error.strerror}"))
            continue
        if not stat.S_ISREG(mode):
            result.warn(f"{FOLDER}/{name} is left out: it is not a file")
        elif not mode & stat.S_IXUSR:
            result.warn(f"{FOLDER}/{name} is left out: it is not executable; chmod +x makes it a script")
        else:
            scripts.append(path)
    return scripts


def command(script: Path, *, seconds: int, environment: dict[str, str]) -> list[str]:
    """Give the command that lets systemd run a script with a limit on its time and on what it writes."""
    # fmt: off
    return [
        "systemd-run", "--wait", "--collect", "--no-ask-password", f"--unit=modpkg-rc-{script.name}",
        # Not oneshot: systemd-run would not tell how the job of such a unit ended.
        "--property=Type=exec", f"--property=RuntimeMaxSec={seconds}", "--property=TimeoutStopSec=5",
        f"--property=SyslogIdentifier=modpkg-rc/{script.name}", "--property=LogRateLimitBurst=2000",
        *(f"--setenv={name}={value}" for name, value in sorted(environment.items())),
        str(script),
    ]
    # fmt: on


def run_script(script: Path, *, seconds: int, environment: dict[str, str]) -> Entry:
    """Run one script and tell how it ended."""
    began = time.monotonic()
    words = command(script, seconds=seconds, environment=environment)
    done = subprocess.run(words, check=False, capture_output=True, text=True, errors="replace")
    took = round(time.monotonic() - began, 2)
    reason = "" if done.returncode == 0 else reason_of(done.stderr, done.returncode, seconds)
    full = full_places()
    if full:
        reason = f"{reason}; " if reason else ""
        reason += f"it left no room on {', '.join(full)}"
    return Entry(script.name, ok=not reason, detail=reason or f"done in {took} s", seconds=took)


def reason_of(told: str, status: int, seconds: int) -> str:
    """Say why a script failed, from what systemd-run told."""
    found = re.search(r"Finished with result: ([a-z-]+)", told)
    if not found:
        last = told.strip().splitlines()[-1:] or ["nothing"]
        return f"systemd could not run it: {last[0]}"
    return WORDS.get(found[1], found[1]).format(seconds=seconds, status=status)


def full_places() -> list[str]:
    """Give the file systems of a node's memory that a script may have filled."""
    places = {}
    for place in ("/tmp", "/run", "/"):  # noqa: S108 - looked at, not written
        known = os.statvfs(place)
        if known.f_blocks and known.f_bavail * known.f_frsize < FULL_BYTES:
            places[Path(place).stat().st_dev] = place
    return sorted(places.values())


def run_all(share: Path, result: Result, *, seconds: int, environment: dict[str, str]) -> None:
    """Run all scripts of a share; `result` then has what became of each."""
    folder = share / FOLDER
    result.problem = share_problem(share)
    if result.problem:
        return
    try:
        scripts = find_scripts(folder, result) if share.exists() and folder.exists() else []
    except OSError as error:
        result.problem = f"cannot read {folder}: {error.strerror}"
        return
    for script in scripts:
        result.add(run_script(script, seconds=seconds, environment=environment))


def main() -> int:
    """Run the scripts of the share and write the result."""
    parser = argparse.ArgumentParser(description="Runs the boot scripts of the site's share.")
    parser.add_argument("--share", type=Path, default=SHARE)
    parser.add_argument("--results", type=Path, default=PLACE)
    parser.add_argument("--seconds", type=int, default=SECONDS, help="how long each script may take")
    options = parser.parse_args()
    result = Result("rc")
    environment = {name: value for name, value in os.environ.items() if name.startswith("MODPKG_")}
    run_all(options.share, result, seconds=options.seconds, environment=environment)
    return result.finish(options.results)


if __name__ == "__main__":
    sys.exit(main())
