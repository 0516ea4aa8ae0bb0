"""Measures splice against cat of the same bytes, and against unsquashfs + mksquashfs with the same compressor.

Usage: ./bootstrap python -m benchmarks.splice [--rounds N] [--skip-recompression] [--output json] [FRAGMENT...]
The fragments are those of the demo's image compute, or the ones that are named. Beside them: six made ones of 400 MB
and 33,000 inodes, and pairs of up to 250,000 inodes in all. What counts is the best of all rounds, in CPU seconds of
the splice itself, in a process of its own; the start of Python, and the sha256 of the result, which cat has no part
of, stand beside it. Exit status: 0 where every figure is reached, 1 where one is not.
"""

from __future__ import annotations

import io
import json
import os
import random
import resource
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.measure import CHECKOUT, MEGABYTE, Goal, Report, Row, best, measured, parser, show
from modpkg.host.files import digest_file
from modpkg.host.run import Stopwatch, run
from modpkg.node.boot import read_image
from modpkg.pipeline.site import Site
from modpkg.squashfs.splice import SpliceLayer, write_splice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_TIMES_CAT: Final = {"compute": 4.0, "400 MB": 3.0}
LEAST_TIMES_LESS: Final = 100
MOST_MEMORY: Final = 150
GROWTH: Final = (62_500, 125_000, 250_000)
# CPU seconds an inode at the most inodes, against those at the fewest.
MOST_GROWTH: Final = 1.3
# So many are made; some names are in several fragments, and 33,000 are left.
LARGE_INODES: Final = 34_700
LARGE_BYTES: Final = 400 * MEGABYTE
LARGE_FRAGMENTS: Final = 6
DIRECTORY_FILES: Final = 8
LEVEL: Final = "15"
# Files of fewer bytes have all the same size.
SMALL: Final = 100


class Splice(NamedTuple):
    """What one splice took: seconds, MB of memory at most, CPU seconds of a digest of the result, its bytes."""

    wall: float
    cpu: float
    memory: float
    digest: float
    size: int


def main() -> int:
    """Measure and print the table."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--skip-recompression", action="store_true")
    options.add_argument("--child", metavar="IMAGE", type=Path)
    options.add_argument("fragments", nargs="*", type=Path)
    chosen = options.parse_args()
    if chosen.child:
        return _child(chosen.child, chosen.fragments)
    report = Report(title="splice")
    with tempfile.TemporaryDirectory(prefix="modpkg-benchmark.") as name:
        place = Path(name)
        compute = chosen.fragments or _demo()
        spliced = _against_cat("compute", compute, place, chosen.rounds, report)
        if not chosen.skip_recompression:
            _against_recompression(compute, place, spliced, report)
        _against_cat("400 MB", _large(place), place, chosen.rounds, report)
        _growth(place, chosen.rounds, report)
    return show(report, output=chosen.output)


def _child(image: Path, fragments: Sequence[Path]) -> int:
    layers = [SpliceLayer(name=str(path), path=path) for path in fragments]
    watch = Stopwatch.started()
    write_splice(layers, image, time=0)
    wall, cpu = watch.seconds, watch.cpu_seconds
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    watch = Stopwatch.started()
    digest_file(image)
    print(json.dumps([wall, cpu, memory, watch.cpu_seconds, image.stat().st_size]))
    return 0


def _demo() -> list[Path]:
    images = Path(os.environ.get("MODPKG_WORK") or CHECKOUT / "build") / "demo" / "images"
    image = max(images.glob("compute_*"), key=lambda path: path.stat().st_mtime)
    store = Site.of(os.environ).store
    return [store.path(module.fragment) for module in read_image(image).image.modules]


def _splice(name: str, fragments: Sequence[Path], image: Path, rounds: int) -> tuple[Row, Splice]:
    found: list[tuple[Row, Splice]] = []
    for _ in range(rounds):
        image.unlink(missing_ok=True)
        words = [sys.executable, "-m", "benchmarks.splice", "--child", image, *fragments]
        row, done = measured(name, words)
        found.append((row, Splice(*json.loads(done.stdout))))
    return min(found, key=lambda pair: pair[1].cpu)


def _against_cat(name: str, fragments: Sequence[Path], place: Path, rounds: int, report: Report) -> Splice:
    image, copy = place / "image.squashfs", place / "copy"
    whole, spliced = _splice(f"splice, {name}", fragments, image, rounds)
    cats = []
    for _ in range(rounds):
        copy.unlink(missing_ok=True)
        cats.append(
            measured(f"cat, {name}", ["sh", "-c", 'out=$1; shift; cat "$@" >"$out"', "sh", copy, *fragments])[
                0
            ]
        )
    cat = best(cats)
    size = spliced.size / MEGABYTE
    report.rows += [
        Row(name=f"splice, {name}", wall=spliced.wall, cpu=spliced.cpu, note=f"{size:.0f} MB"),
        Row(
            name="  with Python and a digest",
            wall=whole.wall,
            cpu=whole.cpu,
            note=f"digest {spliced.digest:.2f} s",
        ),
        cat,
    ]
    report.goals += [
        Goal(name=f"{name}: splice : cat", value=spliced.cpu / cat.cpu, most=MOST_TIMES_CAT[name], unit="x"),
        Goal(name=f"{name}: memory", value=spliced.memory, most=MOST_MEMORY, unit="MB"),
    ]
    copy.unlink()
    return spliced


def _against_recompression(fragments: Sequence[Path], place: Path, spliced: Splice, report: Report) -> None:
    tree, again = place / "tree", place / "again.squashfs"
    watch = Stopwatch.started()
    for fragment in fragments:
        run(["unsquashfs", "-force", "-quiet", "-no-progress", "-dest", tree, fragment])
    run(
        [
            "mksquashfs",
            tree,
            again,
            "-comp",
            "zstd",
            "-Xcompression-level",
            LEVEL,
            "-noappend",
            "-quiet",
            "-no-progress",
        ]
    )
    row = Row(
        name="unsquashfs + mksquashfs", wall=watch.seconds, cpu=watch.cpu_seconds, note=f"zstd, level {LEVEL}"
    )
    report.rows.append(row)
    # Goals are told as the most: the share of the CPU seconds, and the size.
    report.goals += [
        Goal(
            name="splice : recompression, CPU",
            value=spliced.cpu / row.cpu,
            most=1 / LEAST_TIMES_LESS,
            unit="x",
        ),
        Goal(
            name="splice : recompression, bytes",
            value=spliced.size / again.stat().st_size,
            most=1.015,
            unit="x",
        ),
    ]
    again.unlink()
    shutil.rmtree(tree)


def _large(place: Path) -> list[Path]:
    files = LARGE_INODES // LARGE_FRAGMENTS * DIRECTORY_FILES // (DIRECTORY_FILES + 1)
    size = LARGE_BYTES // LARGE_FRAGMENTS // files
    return [
        _made(place / f"large{n}.squashfs", files=files, size=size, seed=n) for n in range(LARGE_FRAGMENTS)
    ]


def _growth(place: Path, rounds: int, report: Report) -> None:
    costs: list[float] = []
    for inodes in GROWTH:
        files = inodes // 2 * DIRECTORY_FILES // (DIRECTORY_FILES + 1)
        pair = [_made(place / f"{inodes}-{n}.squashfs", files=files, size=24, seed=n) for n in range(2)]
        _, spliced = _splice(f"splice, {inodes} inodes", pair, place / "grown.squashfs", rounds)
        note = f"{spliced.memory:.0f} MB of memory"
        report.rows.append(
            Row(name=f"splice, {inodes} inodes", wall=spliced.wall, cpu=spliced.cpu, note=note)
        )
        costs.append(spliced.cpu / inodes)
    report.goals += [
        Goal(name="CPU an inode, most : fewest", value=costs[-1] / costs[0], most=MOST_GROWTH, unit="x"),
        Goal(name=f"{GROWTH[-1]} inodes: memory", value=spliced.memory, most=MOST_MEMORY, unit="MB"),
    ]


def _made(path: Path, *, files: int, size: int, seed: int) -> Path:
    archive = path.with_suffix(".tar")
    with tarfile.open(archive, "w", format=tarfile.USTAR_FORMAT) as stream:
        for info, content in _members(files, size, random.Random(seed)):  # noqa: S311 - no secret
            stream.addfile(info, io.BytesIO(content) if info.isfile() else None)
    # Random bytes: the fastest does. A search for equal files takes quadratic time where all have one size.
    words = ["-comp", "lz4", "-no-duplicates", "-no-progress"]
    run(["sh", "-c", 'out=$1; in=$2; shift 2; sqfstar "$@" "$out" <"$in"', "sh", path, archive, *words])
    archive.unlink()
    return path


def _members(files: int, size: int, chance: random.Random) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    own = chance.randrange(10**6)
    # Half the directories are common to all fragments; files are large and small as in a distribution.
    for number in range(files):
        half = "common" if number // DIRECTORY_FILES % 2 else f"own{own}"
        directory = f"{half}/{number // DIRECTORY_FILES:06}"
        if number % DIRECTORY_FILES == 0:
            info = tarfile.TarInfo(directory)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            yield info, b""
        info = tarfile.TarInfo(f"{directory}/{chance.randrange(10**9):09}-name")
        content = chance.randbytes(
            size if size < SMALL else int(size * chance.choice((0.02, 0.1, 0.5, 3.38)))
        )
        info.size, info.mode = len(content), 0o644
        yield info, content


if __name__ == "__main__":
    sys.exit(main())
