"""Boots an image of modpkg beside Debian's own live-boot of the same packages, in turn, in the same machine.

Usage: as root: ./bootstrap python -m benchmarks.live_boot [--image compute] [--compression xz|zstd] [--rounds N]
Live-boot's tree is made by mmdebstrap of exactly the packages that the image's modules lock, with live-boot and
initramfs-tools from the host's sources in the place of tiny-initramfs, and without live-config, which would cost it
another 30 s. Its squashfs is made as live-build makes it: xz, blocks of 128 KiB; or with zstd, which a node unpacks
in less time: the harder comparison. Both fetch their image by HTTP from this process, and are asked the same
questions by the same script. The best of all rounds counts. Exit status: 0 where both figures are reached, 1 where
one is not.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.boot import TIMEOUT_SECONDS, copy_image, demo_image, demo_work
from benchmarks.measure import MEGABYTE, Goal, Report, Row, measured, parser, say, show
from modpkg.errors import ModpkgError
from modpkg.formats.canonical import read_record
from modpkg.host.run import Stopwatch
from modpkg.model.lock import PlatformLock
from modpkg.node.boot import BootOptions, boot_image, read_image, tail_of
from modpkg.node.check import check_script
from modpkg.node.machine import HOST_IN_GUEST, Machine, run_machine
from modpkg.node.report import BootReport, make_report, parse_answers, unanswered
from modpkg.node.serve import serving
from modpkg.pipeline.platform_lock import lock_path
from modpkg.pipeline.site import Site
from modpkg.rootfs.pool import make_pool

if TYPE_CHECKING:
    import argparse

    from modpkg.model.image import ImageDirectory
    from modpkg.model.lock import LockedPackage

PLATFORM: Final = "bookworm"
MOST_TIME: Final = 0.5
MOST_MEMORY: Final = 0.85
MOMENT: Final = 1735689600
# What the kernel's recipe has in the place of initramfs-tools.
LEFT_OUT: Final = "tiny-initramfs"
LIVE: Final = ("live-boot", "live-boot-initramfs-tools", "initramfs-tools", "wget")
SCRIPT: Final = "usr/local/sbin/modpkg-check"
UNIT: Final = f"""\
[Unit]
Description=Questions of a benchmark
After=multi-user.target

[Service]
Type=exec
RuntimeDirectory=modpkg
ExecStart=/bin/sh /{SCRIPT}
"""
UNITS: Final = "etc/systemd/system"
CHECK: Final = "modpkg-check.service"
# The lock's versions, whatever the host's sources have meanwhile.
PREFERENCES: Final = 'Package: *\nPin: origin ""\nPin-Priority: 1001\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What live-boot boots: kernel, initrd and a squashfs."""

    kernel: Path
    initrd: Path
    squashfs: Path


def main() -> int:
    """Measure and print the table."""
    options = parser(__doc__)
    options.add_argument("--image", default="compute")
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--compression", choices=("xz", "zstd"), default="xz")
    options.add_argument("--keep", type=Path, help="keep live-boot's files there, and take them from there")
    chosen = options.parse_args()
    if os.geteuid() != 0:
        raise ModpkgError("cannot make a tree by mmdebstrap: not root")
    image = demo_image(chosen.image)
    report = Report(title=f"{image.name} beside live-boot ({chosen.compression})")
    with tempfile.TemporaryDirectory(prefix="modpkg-benchmark.") as name:
        ours = copy_image(image, Path(name) / "modpkg")
        live = _live(ours, chosen.keep or Path(name), chosen.compression)
        _sizes(ours, live, report)
        _compare(ours, live, report, chosen)
    return show(report, output=chosen.output)


def _live(ours: Path, place: Path, compression: str) -> Live:
    tree = place / "tree"
    about = read_image(ours)
    if not tree.is_dir():
        _make_tree(tree, _packages(about), place)
    squashfs = place / f"filesystem.{compression}"
    if not squashfs.exists():
        _pack(tree, squashfs, compression)
    (initrd,) = (tree / "boot").glob("initrd.img-*")
    return Live(kernel=ours / "vmlinuz", initrd=initrd, squashfs=squashfs)


def _packages(about: ImageDirectory) -> list[LockedPackage]:
    lock = read_record(lock_path(demo_work() / "recipes", PLATFORM), PlatformLock)
    modules = [module.name for module in about.image.modules]
    found = {package.name: package for module in modules for package in lock.modules[module]}
    return [package for package in found.values() if package.name != LEFT_OUT]


def _make_tree(tree: Path, packages: list[LockedPackage], place: Path) -> None:
    store = Site.of(os.environ).store
    files = {package.sha256: store.path(package.sha256) for package in packages}
    shutil.rmtree(place / "pool", ignore_errors=True)
    pool = make_pool(place / "pool", packages, files=files, suite=PLATFORM)
    (place / "preferences").write_text(PREFERENCES, encoding="ascii")
    names = [package.name for package in packages]
    hosts = [path for path in Path("/etc/apt/sources.list.d").glob("*") if PLATFORM in path.read_text()]
    measured(
        "mmdebstrap of live-boot's tree",
        [
            *("mmdebstrap", "--mode=root", "--variant=essential", "--format=directory"),
            f"--include={','.join([*names, *LIVE])}",
            "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
            "--dpkgopt=force-unsafe-io",
            '--aptopt=APT::Install-Recommends "false"',
            f"--setup-hook=copy-in {place / 'preferences'} /etc/apt",
            *(PLATFORM, tree, pool.source, *hosts),
        ],
        env={"DEBIAN_FRONTEND": "noninteractive", "HOME": "/root", "SOURCE_DATE_EPOCH": str(MOMENT)},
    )
    # Without it, the first boot enables every unit there is.
    (tree / "etc/machine-id").write_bytes(b"")
    (tree / SCRIPT).write_text(check_script({}), encoding="utf-8")
    (tree / UNITS / CHECK).write_text(UNIT, encoding="utf-8")
    (tree / UNITS / "multi-user.target.wants" / CHECK).symlink_to(f"../{CHECK}")


def _pack(tree: Path, target: Path, compression: str) -> None:
    # Of zstd's levels the quick one: how long a node takes to unpack is the same for all.
    how = ["-Xcompression-level", "3"] if compression == "zstd" else []
    partial = target.with_name(f".{target.name}")
    words = [
        "mksquashfs",
        tree,
        partial,
        "-comp",
        compression,
        *how,
        "-b",
        "128K",
        "-no-progress",
        "-quiet",
        "-noappend",
    ]
    # live-build leaves out these alone.
    measured(f"mksquashfs, {compression}", [*words, "-wildcards", "-e", "boot/*", "var/cache/apt/*"])
    partial.rename(target)


def _sizes(ours: Path, live: Live, report: Report) -> None:
    sides = {
        "modpkg": (ours / "initrd", ours / "root.squashfs"),
        "live-boot": (live.initrd, live.squashfs),
    }
    report.lists["MB of initrd and squashfs"] = [
        (kind, "  ".join(f"{path.stat().st_size / MEGABYTE:6.1f}" for path in paths))
        for kind, paths in sides.items()
    ]


def _compare(ours: Path, live: Live, report: Report, chosen: argparse.Namespace) -> None:
    found: dict[str, list[BootReport]] = {"modpkg": [], "live-boot": []}
    options = BootOptions(timeout_seconds=TIMEOUT_SECONDS)
    for number in range(chosen.rounds):
        for kind, booted in found.items():
            say(f"boot {kind}, round {number + 1}")
            watch = Stopwatch.started()
            with tempfile.TemporaryDirectory(prefix="modpkg-boot.") as work:
                if kind == "modpkg":
                    booted.append(boot_image(ours, options=options, work=Path(work)))
                else:
                    booted.append(_boot(live, options, Path(work)))
            note = _note(booted[-1])
            report.rows.append(Row(name=kind, wall=watch.seconds, cpu=watch.cpu_seconds, note=note))
    seconds = {kind: min(one.multi_user_seconds for one in booted) for kind, booted in found.items()}
    memory = {kind: min(one.memory_mb for one in booted) for kind, booted in found.items()}
    report.lists["when our stages were done"] = [
        (stage, f"{when:7.2f}") for when, stage in found["modpkg"][-1].timeline
    ]
    report.lists["startup"] = [(kind, booted[-1].startup) for kind, booted in found.items()]
    report.goals += [
        Goal(
            name="seconds to multi-user, ours : live-boot",
            value=seconds["modpkg"] / seconds["live-boot"],
            most=MOST_TIME,
            unit="x",
        ),
        Goal(
            name="memory in use, ours : live-boot",
            value=memory["modpkg"] / memory["live-boot"],
            most=MOST_MEMORY,
            unit="x",
        ),
    ]


def _note(booted: BootReport) -> str:
    failed = ", ".join(booted.failed_units)
    return (
        f"multi-user after {booted.multi_user_seconds:.1f} s of the node's clock, {booted.memory_mb} MB in use"
        + (f", failed: {failed}" if failed else "")
    )


def _boot(live: Live, options: BootOptions, work: Path) -> BootReport:
    console = work / "console.log"
    with serving({"filesystem.squashfs": live.squashfs}) as server:
        machine = Machine(
            architecture="amd64",
            memory_mb=options.memory_mb,
            cpus=options.cpus,
            accel=options.accel,
            kernel=live.kernel,
            initrd=live.initrd,
            arguments=(
                "boot=live",
                f"fetch=http://{HOST_IN_GUEST}:{server.port}/filesystem.squashfs",
                *("console=ttyS0,115200", "quiet", "panic=-1", "random.trust_cpu=on"),
            ),
            console=console,
            answers=work / "answers.log",
        )
        ended = run_machine(machine, timeout_seconds=options.timeout_seconds)
    answers = parse_answers(ended.answers)
    if unanswered(answers, {}):
        raise ModpkgError(f"cannot boot by live-boot{tail_of(ended.console)}")
    return make_report(answers, events=(), tests={}, console=console)


if __name__ == "__main__":
    sys.exit(main())
