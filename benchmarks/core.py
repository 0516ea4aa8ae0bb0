"""Measures the build of core against mmdebstrap with the same packages and compression of the same tree.

Usage: ./bootstrap python -m benchmarks.core [--rounds N] [--output json]
Downloads are taken from the user's store, or fetched into it first; the build gets a fresh store with nothing
else. The peer is given its local archive ready made. Exit status: 0 where the figure is reached, 1 where not.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.measure import CHECKOUT, MEGABYTE, Goal, Report, Row, best, invoke, measured, parser, show
from modpkg.pipeline.fetch_packages import fetch_packages
from modpkg.pipeline.site import Site
from modpkg.pipeline.workshop import open_workshop
from modpkg.rootfs.debian import script_environment
from modpkg.rootfs.normalize import DIRECTORY_TIME
from modpkg.rootfs.pool import make_pool
from modpkg.store.store import Store

if TYPE_CHECKING:
    from modpkg.pipeline.workshop import Workshop

PLATFORM: Final = "bookworm"
MODULE: Final = "core"
MOST_TIMES_PEER: Final = 1.3
# The date does not matter to how long it takes.
MOMENT: Final = 1735689600


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What both sides work with: the documents, the store with the downloads, a place for everything made."""

    workshop: Workshop
    place: Path

    @property
    def ours(self) -> Path:
        """The store and the work directory of our build."""
        return self.place / "ours"


def main() -> int:
    """Measure and print the table."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=1)
    chosen = options.parse_args()
    workshop = open_workshop(
        CHECKOUT / "recipes", platform=PLATFORM, site=Site.of(os.environ), work=Path("/nonexistent")
    )
    fetch_packages(workshop.lock, [MODULE], platform=workshop.platform, site=workshop.site)
    report = Report(title="build of core")
    found: dict[str, list[Row]] = {}
    for _ in range(chosen.rounds):
        with tempfile.TemporaryDirectory(prefix="modpkg-benchmark.") as name:
            for row in _round(Bench(workshop=workshop, place=Path(name))):
                found.setdefault(row.name, []).append(row)
    _compare({name: best(rows) for name, rows in found.items()}, report)
    return show(report, output=chosen.output)


def _round(bench: Bench) -> list[Row]:
    ours, fragment = _ours(bench)
    tree = bench.place / "tree"
    measured("unpack the fragment", ["unsquashfs", "-quiet", "-no-progress", "-dest", tree, fragment])
    return [*ours, _mmdebstrap(bench), _mksquashfs(bench, tree, fragment)]


def _ours(bench: Bench) -> tuple[list[Row], Path]:
    store = Store(bench.ours / "store")
    for package in bench.workshop.lock.modules[MODULE]:
        target = store.path(package.sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(bench.workshop.store.path(package.sha256).read_bytes())
    words = invoke("build-module", MODULE, "--platform", PLATFORM, "--offline", "--output", "json-lines")
    environment = {"MODPKG_STORE": str(store.root), "MODPKG_WORK": str(bench.ours / "work")}
    whole, done = measured("modpkg: build-module core", words, env=environment)
    events = [
        json.loads(line) for line in done.stdout.splitlines() + done.stderr.splitlines() if line[:1] == "{"
    ]
    steps = [
        Row(name=f"  of it: {event['step']}", wall=event["seconds"], cpu=event["cpu_seconds"])
        for event in events
        if event.get("event") == "StepFinished"
    ]
    result = next(event["result"] for event in events if "result" in event)
    return [whole, *steps], store.path(result["modules"][0]["fragment_sha256"])


def _mmdebstrap(bench: Bench) -> Row:
    packages = bench.workshop.lock.modules[MODULE]
    files = {package.sha256: bench.workshop.store.path(package.sha256) for package in packages}
    suite = bench.workshop.platform.suite
    pool = make_pool(bench.place / "pool", packages, files=files, suite=suite)
    mode = "root" if os.geteuid() == 0 else "unshare"
    words: list[str | Path] = ["mmdebstrap", f"--mode={mode}", "--variant=essential", "--format=directory"]
    words += [f"--include={','.join(package.name for package in packages)}"]
    words += ["--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr", "--dpkgopt=force-unsafe-io"]
    words += ['--aptopt=APT::Install-Recommends "false"', suite, bench.place / "peer", pool.source]
    return measured("peer: mmdebstrap", words, env=script_environment(MOMENT))[0]


def _mksquashfs(bench: Bench, tree: Path, fragment: Path) -> Row:
    settings = bench.workshop.platform.squashfs
    target = bench.place / "peer.squashfs"
    words: list[str | Path] = ["mksquashfs", tree, target, "-comp", "zstd", "-no-exports", "-no-progress"]
    words += ["-Xcompression-level", str(settings.level), "-b", str(settings.block_size), "-xattrs"]
    words += ["-mkfs-time", str(DIRECTORY_TIME), "-noappend", "-quiet"]
    row = measured("peer: mksquashfs", words)[0]
    sizes = [path.stat().st_size / MEGABYTE for path in (fragment, target)]
    return Row(name=row.name, wall=row.wall, cpu=row.cpu, note=f"{sizes[1]:.1f} MB, ours {sizes[0]:.1f} MB")


def _compare(rows: dict[str, Row], report: Report) -> None:
    report.rows += rows.values()
    ours = rows["modpkg: build-module core"]
    peers = [row for row in rows.values() if row.name.startswith("peer")]
    peer = Row(name="peer: both", wall=sum(row.wall for row in peers), cpu=sum(row.cpu for row in peers))
    report.rows.append(peer)
    report.goals.append(
        Goal(name="CPU seconds, ours : peer", value=ours.cpu / peer.cpu, most=MOST_TIMES_PEER, unit="x")
    )


if __name__ == "__main__":
    sys.exit(main())
