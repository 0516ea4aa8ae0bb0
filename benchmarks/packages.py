"""Measures write_deb and write_rpm against cp of the same fragment, in one run, and beside them its sha256.

Usage: ./bootstrap python -m benchmarks.packages [--megabytes N] [--rounds N] [--place DIRECTORY] [--output json]
Each of them runs in a process of its own; the best of all rounds counts. Exit status: 0 where every figure is
reached, 1 where one is not.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import CHECKOUT, Goal, Report, Row, parser, show
from modpkg.deb.write import write_deb
from modpkg.host.files import digest_file
from modpkg.host.run import Stopwatch, run
from modpkg.model.module import Module
from modpkg.rpm.write import write_rpm

MEBIBYTE: Final = 1 << 20
WRITERS: Final = {"deb": write_deb, "rpm": write_rpm}
# No writer can be quicker: the digest of a package is one of its whole content.
DIGEST: Final = "sha256"
MOST_TIMES_CP: Final = {"deb": 5.0, "rpm": 6.0}
MOST_MEGABYTES: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run: seconds on the clock, seconds of the processor, the largest memory in MB."""

    wall: float
    cpu: float
    memory: float


def main() -> int:
    """Measure and print the table."""
    if sys.argv[1:2] == ["--child"]:
        return child(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    options = parser(__doc__)
    options.add_argument("--megabytes", type=int, default=200)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--place", type=Path)
    chosen = options.parse_args()
    report = Report(title=f"packages of a fragment of {chosen.megabytes} MiB")
    with tempfile.TemporaryDirectory(dir=chosen.place) as name:
        place = Path(name)
        (place / "module.json").write_text(json.dumps(fragment(place / "fragment", chosen.megabytes)))
        compare({kind: best(kind, place, chosen.rounds) for kind in ("cp", DIGEST, *WRITERS)}, report)
    return show(report, output=chosen.output)


def fragment(path: Path, megabytes: int) -> dict[str, Any]:
    """Write a fragment that no compressor makes smaller, and give what module.json says about it."""
    digest = hashlib.sha256()
    with path.open("wb") as stream:
        for _ in range(megabytes):
            block = os.urandom(MEBIBYTE)
            digest.update(block)
            stream.write(block)
    return {"sha256": digest.hexdigest(), "size": megabytes * MEBIBYTE}


def best(kind: str, place: Path, rounds: int) -> Measured:
    """Give the round that took the least time on the clock."""
    return min((once(kind, place) for _ in range(rounds)), key=lambda measured: measured.wall)


def once(kind: str, place: Path) -> Measured:
    """Run one of them in a process of its own, into a new file."""
    target = place / "target"
    target.mkdir()
    try:
        if kind == "cp":
            watch = Stopwatch.started()
            run(["cp", place / "fragment", target / "copy"])
            return Measured(wall=watch.seconds, cpu=watch.cpu_seconds, memory=0)
        words: list[str | Path] = [
            sys.executable,
            "-m",
            "benchmarks.packages",
            "--child",
            kind,
            place,
            target,
        ]
        done = run(words, env={"PYTHONPATH": str(CHECKOUT)}, cwd=CHECKOUT)
        return Measured(**json.loads(done.stdout))
    finally:
        for path in target.iterdir():
            path.unlink()
        target.rmdir()


def child(kind: str, place: Path, target: Path) -> int:
    """Write one package, or only compute the digest, and print the figures of this process."""
    made = module(json.loads((place / "module.json").read_text()))
    watch = Stopwatch.started()
    if kind == DIGEST:
        digest_file(place / "fragment")
    else:
        WRITERS[kind](made, fragment=place / "fragment", documents={}, directory=target)
    wall, cpu = watch.seconds, watch.cpu_seconds
    # Not ru_maxrss: it counts what the parent had when it started this process.
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    high_water = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    print(json.dumps({"wall": wall, "cpu": cpu, "memory": high_water / 1024}))
    return 0


def compare(found: dict[str, Measured], report: Report) -> None:
    """Put the figures beside those to reach."""
    for kind, measured in found.items():
        note = f"{measured.memory:.0f} MB of memory" if measured.memory else ""
        report.rows.append(Row(name=kind, wall=measured.wall, cpu=measured.cpu, note=note))
    for kind, most in MOST_TIMES_CP.items():
        times = found[kind].wall / found["cp"].wall
        report.goals.append(Goal(name=f"{kind} : cp, on the clock", value=times, most=most, unit="x"))
        memory = found[kind].memory
        report.goals.append(Goal(name=f"{kind}, memory", value=memory, most=MOST_MEGABYTES, unit="MB"))


def module(fragment: dict[str, Any]) -> Module:
    """Give the smallest module that a package can hold."""
    person = "Bench <bench@cluster.example>"
    entry = {"version": "1.0.0-1", "date": "2025-01-01T00:00:00Z", "author": person, "urgency": "low"}
    sizes = {"uncompressed_size": fragment["size"], "compression": "zstd", "level": 1, "block_size": 131072}
    return Module.model_validate(
        {
            "name": "bench",
            "version": "1.0.0-1",
            "platform": "bookworm",
            "architecture": "amd64",
            "source_date_epoch": 1735689600,
            "inputs": "0" * 64,
            "summary": "fragment of random bytes",
            "description": "",
            "license": "GPL-3.0-or-later",
            "homepage": "https://cluster.example/",
            "maintainer": person,
            "changelog": [{**entry, "changes": ["First."]}],
            "fragment": {**fragment, **sizes},
            "packages": [],
            "paths": {},
        }
    )


if __name__ == "__main__":
    sys.exit(main())
