"""Measures the stage of disks in a virtual machine: three blank disks made ready, and the same at the next boot.

Usage: as root: ./bootstrap python -m benchmarks.disks [--rounds N] [--output json]
The seconds are the guest's own, from the start of the stage to its end. The machine is emulated: where other work
keeps it from running, they are longer. The best of all rounds counts. Exit status: 0 where the figure is reached,
1 where it is not.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.measure import Goal, Report, Row, parser, show
from modpkg.errors import ModpkgError
from modpkg.host.run import Stopwatch
from modpkg.initramfs.build import build_initrd
from modpkg.initramfs.files import Directory
from tests.support.disk_bench import DiskBench, stage_seconds
from tests.support.disk_root import disk_root
from tests.support.small_root import small_root

MOST_SECONDS: Final = 8.0
DISKS: Final = "abc"
DOCUMENT: Final = """\
name: scratch
disks:
  a:
    match: {serial: "DISKA*"}
    partitions: [{name: md0, size: 300MiB}, {name: swap, size: 64MiB}]
  b:
    match: {serial: "DISKB*"}
    partitions: [{name: md0, size: 300MiB}]
  c:
    match: {serial: "DISKC*"}
    partitions: [{name: data, size: rest}]
raid:
  var: {level: 1, members: [a.md0, b.md0]}
filesystems:
  - {device: var, format: ext4, mount: /var}
  - {device: a.swap, format: swap}
  - {device: c.data, format: xfs, mount: /scratch, options: noatime}
"""


def main() -> int:
    """Measure and print the table."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=2)
    chosen = options.parse_args()
    report = Report(title="disks of a node")
    rounds = [_measure(report) for _ in range(chosen.rounds)]
    for index, name in enumerate(("three disks, made", "three disks, found again")):
        best = min((rows[index] for rows in rounds), key=lambda row: row.wall)
        report.rows.append(best)
        report.goals.append(Goal(name=name, value=best.wall, most=MOST_SECONDS, unit="s"))
    return show(report, output=chosen.output)


def _measure(report: Report) -> list[Row]:
    root = small_root()
    with tempfile.TemporaryDirectory(prefix="modpkg-benchmark.") as name:
        place = Path(name)
        initrd = build_initrd(
            Directory(root.tree), kernel=root.kernel, modules=(), destination=place / "first"
        ).path
        bench = DiskBench(
            directory=place,
            kernel=root.vmlinuz,
            initrd=initrd,
            image=disk_root(root),
            document=DOCUMENT,
            checks="umount /newroot/scratch /newroot/var\n",
        )
        disks = {f"DISK{letter.upper()}1": bench.disk(letter) for letter in DISKS}
        return [_boot(bench, disks, name, report) for name in ("made", "found again")]


def _boot(bench: DiskBench, disks: dict[str, Path], name: str, report: Report) -> Row:
    watch = Stopwatch.started()
    console = bench.boot(**disks)
    if "disks end" not in console:
        raise ModpkgError(f"cannot measure: the stage failed\n{console}")
    # Of the last round: what took how long.
    lines = [line.split(maxsplit=3) for line in console.splitlines() if line.startswith("modpkg: ")]
    report.lists[name] = [(seconds, words) for _, seconds, stage, words in lines if stage == "disks"]
    return Row(
        name=name,
        wall=stage_seconds(console),
        cpu=watch.cpu_seconds,
        note=f"the whole machine ran for {watch.seconds:.1f} s; cpu is that of all of it",
    )


if __name__ == "__main__":
    sys.exit(main())
