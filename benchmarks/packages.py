"""Measures write_deb and write_rpm against cp of the same fragment, in one run.

Usage: python -m benchmarks.packages [MEGABYTES] [ROUNDS] [DIRECTORY]
Exit status: 0 where every figure is reached, 1 where one is not.
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

from modpkg.deb.write import write_deb
from modpkg.host.run import Stopwatch, run
from modpkg.model.module import Module
from modpkg.rpm.write import write_rpm

MEGABYTE: Final = 1 << 20
WRITERS: Final = {"deb": write_deb, "rpm": write_rpm}
MOST_TIMES_CP: Final = {"deb": 5.0, "rpm": 6.0}
MOST_MEGABYTES: Final = 60
CHECKOUT: Final = Path(__file__).parents[1]


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
    megabytes, rounds = (int(word) for word in (sys.argv[1:3] + ["200", "3"][len(sys.argv[1:3]) :]))
    with tempfile.TemporaryDirectory(dir=sys.argv[3] if len(sys.argv) > 3 else None) as name:  # noqa: PLR2004 - words
        place = Path(name)
        (place / "module.json").write_text(json.dumps(fragment(place / "fragment", megabytes)))
        return report({kind: best(kind, place, rounds) for kind in ("cp", *WRITERS)})


def fragment(path: Path, megabytes: int) -> dict[str, Any]:
    """Write a fragment that no compressor makes smaller, and give what module.json says about it."""
    digest = hashlib.sha256()
    with path.open("wb") as stream:
        for _ in range(megabytes):
            block = os.urandom(MEGABYTE)
            digest.update(block)
            stream.write(block)
    return {"sha256": digest.hexdigest(), "size": megabytes * MEGABYTE}


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
        words = [sys.executable, "-m", "benchmarks.packages", "--child", kind, place, target]
        done = run(words, env={"PYTHONPATH": str(CHECKOUT)}, cwd=CHECKOUT)
        return Measured(**json.loads(done.stdout))
    finally:
        for path in target.iterdir():
            path.unlink()
        target.rmdir()


def child(kind: str, place: Path, target: Path) -> int:
    """Write one package and print the figures of this process."""
    made = module(json.loads((place / "module.json").read_text()))
    watch = Stopwatch.started()
    WRITERS[kind](made, fragment=place / "fragment", documents={}, directory=target)
    wall, cpu = watch.seconds, watch.cpu_seconds
    # Not ru_maxrss: it counts what the parent had when it started this process.
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    high_water = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    print(json.dumps({"wall": wall, "cpu": cpu, "memory": high_water / 1024}))
    return 0


def report(found: dict[str, Measured]) -> int:
    """Print the table; give the exit status."""
    base = found["cp"]
    print(f"{'':5}{'wall s':>8}{'x cp':>7}{'cpu s':>8}{'x cp':>7}{'MB':>6}")
    for kind, measured in found.items():
        wall, cpu = measured.wall / base.wall, measured.cpu / (base.cpu or base.wall)
        figures = f"{measured.wall:8.3f}{wall:7.1f}{measured.cpu:8.3f}{cpu:7.1f}{measured.memory:6.0f}"
        print(f"{kind:5}{figures}")
    missed = [kind for kind, most in MOST_TIMES_CP.items() if found[kind].wall > most * base.wall]
    missed += [f"{kind} memory" for kind in WRITERS if found[kind].memory > MOST_MEGABYTES]
    print(f"missed: {', '.join(missed)}" if missed else "all figures reached")
    return 1 if missed else 0


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
