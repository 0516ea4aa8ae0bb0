"""Measures release sizes: modules, the images minimal and compute, and where the bytes are.

Usage: ./bootstrap python -m benchmarks.sizes [--output json]
Runs the demo without its boot, in the user's store and work directory, then builds the image minimal from the
same repository, also with an initrd for virtual machines alone; what is built already is not built again. A
megabyte has 10^6 bytes. Exit status: 0 where every figure is reached, 1 where one is not.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import CHECKOUT, MEGABYTE, Goal, Report, invoke, measured, parser, show
from modpkg.deb.read import read_module

MOST_CORE: Final = 45
MOST_MINIMAL: Final = 90
MOST_COMPUTE: Final = 150
MOST_INITRD: Final = 15
MOST_VIRTUAL_INITRD: Final = 8
VIRTUAL: Final = "virtual"
DIRECTORIES: Final = 10
DRIVERS: Final = "usr/lib/modules/"


def main() -> int:
    """Measure and print the tables."""
    chosen = parser(__doc__).parse_args()
    report = Report(title="release sizes, in MB of 10^6 bytes")
    demo = _answer(invoke("demo", "--no-boot"), CHECKOUT)
    # The demo works in its own copy of the recipes: its locks, releases and repository are there.
    own = Path(os.environ.get("MODPKG_WORK") or CHECKOUT / "build").absolute() / "demo"
    _write_virtual(own / "recipes/images")
    for name in ("minimal", VIRTUAL):
        _answer(invoke("lock", name, "--work", own), own)
    images = {
        name: _answer(invoke("build-image", name, "--work", own), own)
        for name in ("minimal", "compute", VIRTUAL)
    }
    fragments = {module["name"]: module["fragment_bytes"] / MEGABYTE for module in demo["modules"]}
    roots = {name: _bytes(image, "root.squashfs") for name, image in images.items()}
    report.goals += [
        _goal("core, fragment", fragments["core"], MOST_CORE),
        _goal("core + kernel, fragments", fragments["core"] + fragments["kernel"], MOST_MINIMAL),
        _goal("minimal, root.squashfs", roots["minimal"], MOST_MINIMAL),
        _goal("compute, root.squashfs", roots["compute"], MOST_COMPUTE),
        _goal("compute, initrd", _bytes(images["compute"], "initrd"), MOST_INITRD),
        _goal("virtual machines, initrd", _bytes(images[VIRTUAL], "initrd"), MOST_VIRTUAL_INITRD),
    ]
    report.lists["modules: fragment, uncompressed"] = [
        (one["name"], f"{fragments[one['name']]:8.1f}{_uncompressed(one['deb']) / MEGABYTE:8.1f}")
        for one in sorted(demo["modules"], key=lambda one: -fragments[one["name"]])
    ]
    report.lists["images: root, initrd, kernel"] = [
        (name, "".join(f"{_bytes(image, part):8.1f}" for part in ("root.squashfs", "initrd", "vmlinuz")))
        for name, image in images.items()
    ]
    report.lists["largest directories, uncompressed"] = _largest(
        [Path(one["deb"]) for one in demo["modules"]]
    )
    return show(report, output=chosen.output)


def _write_virtual(images: Path) -> None:
    # The demo's copy of the recipes: the checkout has no such image.
    text = (images / "minimal.yaml").read_text(encoding="utf-8").replace("name: minimal", f"name: {VIRTUAL}")
    (images / f"{VIRTUAL}.yaml").write_text(f"{text}drivers: []\n", encoding="utf-8")


def _uncompressed(deb: str) -> int:
    return read_module(Path(deb)).fragment.uncompressed_size


def _answer(words: list[str | Path], cwd: Path) -> dict[str, Any]:
    name = " ".join(str(word) for word in words[3:])
    answer: dict[str, Any] = json.loads(measured(name, [*words, "--output", "json"], cwd=cwd)[1].stdout)
    return answer


def _goal(name: str, value: float, most: float) -> Goal:
    return Goal(name=name, value=value, most=most, unit="MB")


def _bytes(image: dict[str, Any], name: str) -> float:
    size: int = next(file["bytes"] for file in image["files"] if file["file"] == name)
    return size / MEGABYTE


def _largest(debs: list[Path]) -> list[tuple[str, str]]:
    sizes: Counter[str] = Counter()
    for deb in debs:
        for path, line in read_module(deb).paths.items():
            words = line.split()
            if words[0] == "file" and not words[-1].startswith("link="):
                sizes[_directory(path)] += int(words[4])
    return [(name, f"{size / MEGABYTE:8.1f}") for name, size in sizes.most_common(DIRECTORIES)]


def _directory(path: str) -> str:
    # Drivers lie deep: usr/lib/modules/<release>/kernel/drivers/net.
    parts = path.split("/")[:-1]
    return "/".join(parts[: 7 if path.startswith(DRIVERS) else 3])


if __name__ == "__main__":
    sys.exit(main())
