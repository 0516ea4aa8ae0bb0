"""A diff of two images made up for tests of how it is shown: each kind of change is in it, and hostile words."""

from __future__ import annotations

from modpkg.image.changes import FileChange, ModuleChange, PackageChange, Step
from modpkg.image.fixes import Fixes, SecurityFix
from modpkg.image.reboot import Reboot
from modpkg.image.services import ServiceChange
from modpkg.model.module import ChangelogEntry
from modpkg.pipeline.diff_images import ImageDiff, ImageSide

HOSTILE = "<script>alert(1)</script> | **bold**"


def side(version: str, size: int, root: int | None) -> ImageSide:
    return ImageSide(
        name="compute", version=version, platform="bookworm", fragments_size=size, root_size=root
    )


def entry(version: str, *changes: str) -> ChangelogEntry:
    return ChangelogEntry(
        version=version,
        date="2026-09-01T10:00:00Z",
        author="A <a@example.org>",
        urgency="high",
        changes=changes,
    )


def package(name: str, old: str, new: str, step: Step) -> PackageChange:
    return PackageChange(
        name=name,
        step=step,
        old=old,
        new=new,
        source=name,
        old_source_version=old,
        new_source_version=new,
        modules=("core", "slurm"),
    )


def make_diff(*, root: int | None = 98_000_000) -> ImageDiff:
    """Give the diff."""
    return ImageDiff(
        old=side("12.0.3-67.cbdppkwfzz", 100_000_000, 97_000_000),
        new=side("12.1.0-70.gqhrvkxjwd", 101_500_000, root),
        modules=(
            ModuleChange(
                name="core",
                step="up",
                old="12.0.3-41",
                new="12.1.0-43",
                old_size=60_000_000,
                new_size=61_000_000,
                entries=(entry("12.1.0-43", HOSTILE, "Two\nlines."), entry("12.0.4-42", "Fix a hole.")),
            ),
            ModuleChange(name="ib", step="out", old="58.2.0-9", new="", old_size=2_000_000, new_size=0),
            ModuleChange(name="nfs", step="in", old="", new="1.0.0-1", old_size=0, new_size=500_000),
            ModuleChange(
                name="slurm",
                step="down",
                old="22.5.9-3",
                new="22.5.8-2",
                old_size=1000,
                new_size=1000,
                entries=(entry("22.5.9-3", "Undone."),),
            ),
        ),
        packages=(
            package("openssl", "3.0.11-1", "3.0.15-1", "up"),
            package("rdma-core", "44.0-2", "", "out"),
        ),
        files=(
            FileChange(path="/usr/bin/openssl", step="changed", module="core", what=("content", "mode")),
            FileChange(path="/usr/bin/ibstat", step="removed", module="ib"),
            FileChange(path="/usr/sbin/mount.nfs", step="added", module="nfs"),
        ),
        fixes=Fixes(
            fixes=(
                SecurityFix(
                    source="openssl",
                    version="3.0.15-1",
                    date="Tue, 01 Sep 2026 10:00:00 +0000",
                    urgency="high",
                    cves=("CVE-2026-1111", "CVE-2026-2222"),
                    packages=("libssl3", "openssl"),
                ),
                SecurityFix(
                    source="munge",
                    version="0.5.15-3",
                    date="",
                    urgency="",
                    cves=(),
                    packages=("munge",),
                    is_lost=True,
                ),
            ),
            untold=("systemd",),
        ),
        services=(
            ServiceChange(
                unit="munge.service",
                module="slurm",
                action="restart",
                is_enabled=True,
                reasons=(
                    "its program changed: /usr/sbin/munged",
                    "a library of libssl3 changed: /usr/lib/x.so",
                ),
            ),
            ServiceChange(
                unit="idle.service", module="core", action="restart", is_enabled=False, reasons=("x",)
            ),
        ),
        reboot=Reboot(is_needed=True, reasons=("the kernel changes: 6.1.0-25 -> 6.1.0-26",)),
    )
