"""Measures images: build-image beside copying and beside compressing again; one package more in one small module.

Usage: as root: ./bootstrap python -m benchmarks.image [--image compute] [--rounds N] [--skip-peers] [--output json]
Modules and repository are those that `invoke demo --no-boot` makes in the user's work directory, unless they are
there; all of it is copied, and nothing else of the user's is changed. The best of all rounds counts. The small
change is measured whole: release of the recipe's new version, build of the module at the platform's compression,
publication, lock, image; as one command line and as five. No other module of the image may lie on the one that is
changed: its lock would keep the old one. Beside it stands what one does by hand: mmdebstrap of all packages and
mksquashfs with the same settings. Exit status: 0 where every figure is reached, 1 where one is not.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.measure import CHECKOUT, MEGABYTE, Goal, Report, Row, best, invoke, measured, parser, show
from modpkg.formats.canonical import read_record, write_record
from modpkg.formats.catalogue import load_catalogue
from modpkg.host.run import run
from modpkg.model.image import ImageDirectory
from modpkg.model.lock import PlatformLock
from modpkg.pipeline.platform_lock import Wish, lock_path
from modpkg.pipeline.site import Site
from modpkg.rootfs.debian import script_environment
from modpkg.rootfs.normalize import DIRECTORY_TIME
from modpkg.rootfs.pool import make_pool
from modpkg.rootfs.resolve import lock_inputs
from modpkg.store.store import Store

if TYPE_CHECKING:
    from modpkg.model.lock import LockedPackage

PLATFORM: Final = "bookworm"
CHANNEL: Final = "testing"
# A small module, and a small package of another one that needs no more than core.
SMALL_MODULE: Final = "chroot"
SMALL_PACKAGE: Final = "libibumad3"
ONE_LINE: Final = "small change, one command line"
MOST_CPU: Final = 2.0
MOST_WALL: Final = 3.0
MOST_LAYERED_CPU: Final = 1.0
MOST_SIZE: Final = 1.015
MOST_CHANGE_WALL: Final = 5.0
# The date does not matter to how long it takes.
MOMENT: Final = 1735689600


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A project, its work directory and its store, all below `place`."""

    place: Path
    image: str

    @property
    def project(self) -> Path:
        """Recipes and the repository's document."""
        return self.place / "project"

    @property
    def images(self) -> Path:
        """Where images are made."""
        return self.place / "work" / "images"

    @property
    def store(self) -> Store:
        """A store that shares its files with the user's."""
        return Store(self.place / "store")

    @property
    def built(self) -> list[ImageDirectory]:
        """What is known of each image of this name that was built."""
        directories = self.images.glob(f"{self.image}_*")
        return [read_record(directory / "image.json", ImageDirectory) for directory in directories]

    @property
    def about(self) -> ImageDirectory:
        """What is known of the only one."""
        (about,) = self.built
        return about

    def invoke(self, name: str, *words: str | Path) -> Row:
        """Run a command here, and measure it."""
        environment = {"MODPKG_STORE": str(self.store.root), "MODPKG_WORK": str(self.place / "work")}
        return measured(name, invoke(*words), env=environment, cwd=self.project)[0]

    def prepare(self, work: Path, store: Path) -> None:
        """Copy what the demo made."""
        (self.place / "work").mkdir(parents=True)
        # At once: what is published is a hard link of what was built.
        made = [work / name for name in ("repository", "packages", "gnupg")]
        run(["cp", "--archive", *made, self.place / "work"])
        shutil.copytree(work / "recipes", self.project / "recipes")
        shutil.copytree(CHECKOUT / "repo", self.project / "repo")
        self.store.root.mkdir()
        for name in ("blobs", "builds"):
            run(["cp", "--archive", "--link", store / name, self.store.root])


def main() -> int:
    """Measure and print the table."""
    options = parser(__doc__)
    options.add_argument("--image", default="compute")
    options.add_argument("--module", default=SMALL_MODULE, help="what the small change is made in")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--skip-peers", action="store_true", help="neither compress again nor mmdebstrap")
    chosen = options.parse_args()
    store = Site.of(os.environ).store.root
    work = Path(os.environ.get("MODPKG_WORK") or CHECKOUT / "build") / "demo"
    report = Report(title=f"image {chosen.image}")
    measured("demo --no-boot", invoke("demo", "--no-boot"))
    with tempfile.TemporaryDirectory(dir=store.parent, prefix="modpkg-benchmark.") as name:
        bench = Bench(place=Path(name), image=chosen.image)
        bench.prepare(work, store)
        flat = _flat(bench, report, rounds=chosen.rounds)
        _layered(bench, report, rounds=chosen.rounds)
        if not chosen.skip_peers:
            _recompressed(bench, report, flat)
        for way in (_one_line, _five_lines):
            changed = Bench(place=Path(name) / way.__name__, image=chosen.image)
            changed.prepare(work, store)
            packages = _change(changed, chosen.module)
            report.rows += way(changed, chosen.module)
            _check_change(changed, chosen.module, report)
        line = next(row for row in report.rows if row.name == ONE_LINE)
        report.goals.append(
            Goal(name="small change, clock", value=line.wall, most=MOST_CHANGE_WALL, unit="s")
        )
        if not chosen.skip_peers:
            report.rows += _by_hand(bench, packages)
    return show(report, output=chosen.output)


def _rounds(bench: Bench, name: str, rounds: int) -> Row:
    rows = []
    for _ in range(rounds):
        shutil.rmtree(bench.images, ignore_errors=True)
        rows.append(bench.invoke(name, "build-image", bench.image))
    return best(rows)


def _flat(bench: Bench, report: Report, *, rounds: int) -> int:
    row = _rounds(bench, "build-image", rounds)
    fragments = [bench.store.path(module.fragment) for module in bench.about.image.modules]
    target = bench.place / "copied"
    words = ["sh", "-c", 'cat "$@" >"$0"', target, *fragments]
    copied = best([measured("cat of the fragments", words)[0] for _ in range(rounds)])
    target.unlink()
    size = bench.about.files["root.squashfs"].size
    report.rows += [copied, Row(name=row.name, wall=row.wall, cpu=row.cpu, note=f"{size / MEGABYTE:.1f} MB")]
    report.goals += [
        Goal(name="build-image, processor", value=row.cpu, most=MOST_CPU, unit="s"),
        Goal(name="build-image, clock", value=row.wall, most=MOST_WALL, unit="s"),
    ]
    return size


def _layered(bench: Bench, report: Report, *, rounds: int) -> None:
    manifest = bench.project / "recipes" / "images" / f"{bench.image}.yaml"
    flat = manifest.read_text(encoding="utf-8")
    manifest.write_text(f"{flat}layout: layered\n", encoding="utf-8")
    bench.invoke("lock", "lock", bench.image)
    row = _rounds(bench, "build-image, layered", rounds)
    report.rows.append(row)
    report.goals.append(Goal(name="layered, processor", value=row.cpu, most=MOST_LAYERED_CPU, unit="s"))
    manifest.write_text(flat, encoding="utf-8")
    bench.invoke("lock", "lock", bench.image)


def _recompressed(bench: Bench, report: Report, flat: int) -> None:
    shutil.rmtree(bench.images, ignore_errors=True)
    row = bench.invoke("peer: overlay and mksquashfs", "build-image", bench.image, "--merge", "recompress")
    size = bench.about.files["root.squashfs"].size
    note = f"{size / MEGABYTE:.1f} MB; unpacks the fragments, and reads all of it back"
    report.rows.append(Row(name=row.name, wall=row.wall, cpu=row.cpu, note=note))
    report.goals.append(
        Goal(name="size, spliced : compressed again", value=flat / size, most=MOST_SIZE, unit="x")
    )


def _change(bench: Bench, module: str) -> list[LockedPackage]:
    bench.invoke("the image before", "build-image", bench.image)
    packages = _add_package(bench, module)
    # Who releases a change has tried it: the modules below are unpacked. Not --fast: all of them would be others.
    bench.invoke("the change is tried", "build-module", module, "--offline")
    return packages


def _steps(bench: Bench, module: str) -> list[tuple[str, ...]]:
    return [
        ("release-module", module, "--message", f"Add {SMALL_PACKAGE}."),
        ("build-module", module, "--offline"),
        ("publish", "--channel", CHANNEL, "--module", module),
        ("lock", bench.image),
        ("build-image", bench.image),
    ]


def _one_line(bench: Bench, module: str) -> list[Row]:
    row = bench.invoke(ONE_LINE, *(word for words in _steps(bench, module) for word in words))
    return [Row(name=row.name, wall=row.wall, cpu=row.cpu, note=f"{SMALL_PACKAGE} more in {module}")]


def _five_lines(bench: Bench, module: str) -> list[Row]:
    rows = [bench.invoke(f"  {words[0]}", *words) for words in _steps(bench, module)]
    wall, cpu = sum(row.wall for row in rows), sum(row.cpu for row in rows)
    return [Row(name="the same as five", wall=wall, cpu=cpu), *rows]


def _check_change(bench: Bench, module: str, report: Report) -> None:
    versions = {one.version for about in bench.built for one in about.image.modules if one.name == module}
    if len(versions) != 2:  # noqa: PLR2004 - the old one and the new one
        report.failures.append(
            f"the new image has {module} {' '.join(versions)}: what lies on it kept the old one"
        )


def _add_package(bench: Bench, module: str) -> list[LockedPackage]:
    recipes = bench.project / "recipes"
    recipe = recipes / "modules" / module / "recipe.yaml"
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace("packages:\n", f"packages:\n  - {SMALL_PACKAGE}\n"), encoding="utf-8")
    path = lock_path(recipes, PLATFORM)
    lock = read_record(path, PlatformLock)
    known = {package.name: package for packages in lock.modules.values() for package in packages}
    wish = Wish.of(load_catalogue(recipes), PLATFORM)
    more = (*lock.modules[module], known[SMALL_PACKAGE])
    modules = {**lock.modules, module: tuple(sorted(more, key=lambda package: package.name))}
    inputs = lock_inputs(wish.platform, wish.requests)
    write_record(path, lock.model_copy(update={"modules": modules, "inputs": inputs}))
    names = [one.name for one in bench.about.image.modules]
    return list({package.sha256: package for name in names for package in modules[name]}.values())


def _by_hand(bench: Bench, packages: list[LockedPackage]) -> list[Row]:
    files = {package.sha256: bench.store.path(package.sha256) for package in packages}
    pool = make_pool(bench.place / "pool", packages, files=files, suite=PLATFORM)
    tree = bench.place / "by-hand"
    words: list[str | Path] = ["mmdebstrap", "--mode=root", "--variant=essential", "--format=directory"]
    words += [f"--include={','.join(package.name for package in packages)}"]
    words += ["--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr", "--dpkgopt=force-unsafe-io"]
    words += ['--aptopt=APT::Install-Recommends "false"', PLATFORM, tree, pool.source]
    made = measured("peer: mmdebstrap of all packages", words, env=script_environment(MOMENT))[0]
    settings = load_catalogue(bench.project / "recipes").platforms[PLATFORM].squashfs
    words = ["mksquashfs", tree, bench.place / "by-hand.squashfs", "-comp", "zstd", "-no-exports"]
    words += ["-Xcompression-level", str(settings.level), "-b", str(settings.block_size), "-no-progress"]
    words += [
        "-mkfs-time",
        str(DIRECTORY_TIME),
        "-noappend",
        "-quiet",
        "-e",
        "usr/share/doc",
        "usr/share/man",
    ]
    return [made, measured("peer: mksquashfs of it", words)[0]]


if __name__ == "__main__":
    sys.exit(main())
