"""Boots an image of modpkg against the same tree put together by hand, in turn, in the same machine.

Usage: as root: ./bootstrap python -m benchmarks.boot [--image compute] [--rounds N] [--output json]
By hand is: each module's fragment unpacked, mounted as one overlay under the files that only the image has, and
mksquashfs with the same settings. Kernel, initrd and QEMU are the same. The image is taken from the user's work
directory, where `invoke demo --no-boot` puts it. The best of all rounds counts. Exit status: 0 where the figure
is reached, 1 where it is not.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.measure import CHECKOUT, Goal, Report, Row, invoke, measured, parser, say, show
from modpkg.errors import ModpkgError
from modpkg.formats.canonical import canonical_json
from modpkg.host.files import receipt_of
from modpkg.host.mounts import overlay
from modpkg.host.run import Stopwatch, run
from modpkg.model.image import ImageDirectory, ImageFile
from modpkg.model.module import Module
from modpkg.node.boot import BootOptions, boot_image, read_image
from modpkg.pipeline.site import Site
from modpkg.rootfs.inventory import inventory
from modpkg.rootfs.normalize import DIRECTORY_TIME
from modpkg.squashfs.pack import Settings, pack_tree, unpack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.node.report import BootReport

ROOT: Final = "root.squashfs"
MOST_TIMES_HAND: Final = 1.15
TIMEOUT_SECONDS: Final = 900


def main() -> int:
    """Measure and print the table."""
    options = parser(__doc__)
    options.add_argument("--image", default="compute")
    options.add_argument("--rounds", type=int, default=2)
    chosen = options.parse_args()
    if os.geteuid() != 0:
        raise ModpkgError("cannot mount an overlay by hand: not root")
    image = demo_image(chosen.image)
    report = Report(title=f"boot of {image.name}")
    with tempfile.TemporaryDirectory(prefix="modpkg-benchmark.") as name:
        place = Path(name)
        kinds = {"modpkg": copy_image(image, place / "modpkg"), "by hand": _by_hand(image, place)}
        _compare({kind: [] for kind in kinds}, kinds, report, rounds=chosen.rounds)
    return show(report, output=chosen.output)


def demo_work() -> Path:
    """Give the folder that holds what the user's demo made."""
    return Path(os.environ.get("MODPKG_WORK") or CHECKOUT / "build") / "demo"


def demo_image(name: str) -> Path:
    """Let the demo make an image, if it is not there, and give its directory."""
    measured("demo --no-boot", invoke("demo", "--no-boot"))
    return max((demo_work() / "images").glob(f"{name}_*"), key=lambda path: path.stat().st_mtime)


def copy_image(image: Path, target: Path) -> Path:
    """Copy an image without its modules' tests, which run after what is measured; give the copy's directory."""
    shutil.copytree(image, target)
    about = read_image(image).model_copy(update={"tests": {}})
    (target / "image.json").write_text(canonical_json(about), encoding="utf-8")
    return target


def _by_hand(image: Path, place: Path) -> Path:
    say("put the same tree together by hand")
    target, whole, mount, glue = (place / name for name in ("by hand", "whole", "mount", "glue"))
    about = read_image(copy_image(image, target))
    unpack(image / ROOT, whole)
    trees = []
    for number, module in enumerate(about.image.modules):
        trees.append(place / str(number))
        unpack(Site.of(os.environ).store.path(module.fragment), trees[-1])
    mount.mkdir()
    glue.mkdir()
    wanted = inventory(whole)
    with overlay(mount, lower=trees[::-1]):
        below = inventory(mount)
    # The kernel, which a node gets beside its root.
    left_out = tuple(path for path in below if path not in wanted)
    _fill_glue(whole, [path for path, line in wanted.items() if below.get(path) != line], glue)
    (target / ROOT).unlink()
    with overlay(mount, lower=[glue, *trees[::-1]]):
        if {path: line for path, line in inventory(mount).items() if path not in left_out} != wanted:
            raise ModpkgError("cannot compare: the tree by hand is not the image's")
        pack_tree(mount, target / ROOT, _settings(about), exclude=left_out)
    receipt = receipt_of(target / ROOT)
    files = {**about.files, ROOT: ImageFile(size=receipt.size, sha256=receipt.sha256)}
    text = canonical_json(about.model_copy(update={"files": files}))
    (target / "image.json").write_text(text, encoding="utf-8")
    return target


def _fill_glue(whole: Path, paths: Sequence[str], glue: Path) -> None:
    # Parents first: each brings its attributes, and never its content.
    run(["cp", "--archive", "--parents", "--no-clobber", *_without_parents(paths), glue], cwd=whole)
    run(["touch", "--no-dereference", f"--date=@{DIRECTORY_TIME}", glue])


def _without_parents(paths: Sequence[str]) -> list[str]:
    parents = {str(parent) for path in paths for parent in Path(path).parents}
    return [path for path in paths if path not in parents]


def _settings(about: ImageDirectory) -> Settings:
    core = next(module for module in about.image.modules if module.name == "core")
    site = Site.of(os.environ)
    for record in (site.store.root / "builds").glob("*.json"):
        found = site.store.lookup(record.stem) or {}
        if found.get("fragment") == core.fragment:
            made = Module.model_validate_json(site.store.path(found["module"]).read_bytes()).fragment
            return Settings(level=made.level, block_size=made.block_size, time=DIRECTORY_TIME)
    raise ModpkgError("cannot find how core was compressed: it is not in the store")


def _compare(
    found: dict[str, list[BootReport]], kinds: dict[str, Path], report: Report, *, rounds: int
) -> None:
    for number in range(rounds):
        for kind, image in kinds.items():
            say(f"boot {kind}, round {number + 1}")
            watch = Stopwatch.started()
            options = BootOptions(timeout_seconds=TIMEOUT_SECONDS)
            booted = boot_image(image, options=options, work=image.parent / f"work of {kind}")
            found[kind].append(booted)
            note = f"multi-user after {booted.multi_user_seconds:.1f} s of the node's clock"
            report.rows.append(Row(name=kind, wall=watch.seconds, cpu=watch.cpu_seconds, note=note))
    ours, hand = (min(one.multi_user_seconds for one in found[kind]) for kind in ("modpkg", "by hand"))
    report.lists["root.squashfs: bytes, sha256"] = [
        (kind, f"{receipt.size:>12,}  {receipt.sha256}")
        for kind, receipt in ((kind, receipt_of(image / ROOT)) for kind, image in kinds.items())
    ]
    report.goals.append(
        Goal(name="seconds to multi-user, ours : by hand", value=ours / hand, most=MOST_TIMES_HAND, unit="x")
    )


if __name__ == "__main__":
    sys.exit(main())
