"""Compares modules built apart and assembled with the same packages installed by apt in one root.

Usage: as root: ./bootstrap python -m benchmarks.joint [--keep DIRECTORY] [--output json]
The modules are the project's own: all of its platform's. What is missing in the user's store is fetched and built.
What may differ, and why, is in this program and in tests/support/one_root.py. Exit status: 0 where nothing else
differs, 1 where something does.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.measure import CHECKOUT, Goal, Report, measured, parser, say, show
from modpkg.events import ignore
from modpkg.formats.catalogue import usual
from modpkg.host.namespaces import enter
from modpkg.model.manifest import Manifest
from modpkg.pipeline.build_image import build_image, plan_image
from modpkg.pipeline.build_modules import build_modules
from modpkg.pipeline.site import Site
from modpkg.pipeline.workshop import open_workshop
from modpkg.rootfs.prune import prune
from modpkg.squashfs.pack import unpack
from tests.support.joint import JointJob
from tests.support.one_root import ANY_INSTALLATION, DATABASES, named, unexpected

if TYPE_CHECKING:
    from benchmarks.measure import Row
    from modpkg.pipeline.workshop import Workshop

PLATFORM: Final = "bookworm"
DIFFERENCES: Final = {
    **ANY_INSTALLATION,
    r"boot/vmlinuz-.*|usr/lib/modules/.*": "drivers are chosen by the recipe, a node gets its kernel beside the root",
    r"boot(/initrd\.img.*)?|initrd\.img(\.old)?|vmlinuz(\.old)?": "a node gets its boot archive beside the root",
    r"etc/(munge/munge\.key|ssh/ssh_host_.*)": "secrets, which every site or node makes for itself",
    r"etc/systemd/system/(apt-daily.*|dpkg-db-backup|e2scrub_all|fstrim)\.timer|"
    r"var/lib/systemd/deb-systemd-helper-enabled/(.*/)?e2scrub_all\.timer(\.dsh-also)?|"
    r"(etc|usr/lib)/systemd/system/(.*/)?modpkg-.*|"
    r"etc/systemd/system/((modprobe@drm|systemd-repart)\.service|timers\.target\.wants(/.*)?)|"
    r"etc/systemd/system/(ssh|systemd-random-seed|systemd-udev-trigger)\.service\.(d|wants)(/.*)?|"
    r"etc/systemd/system-generators(/.*)?|etc/ssh/sshd_config\.d/modpkg-.*": "core's recipe masks and adds units",
    r"etc/systemd/system/basic\.target\.wants|srv/common": "the module node adds a unit and a place for the share",
    r"usr/lib/udev/hwdb\.bin": "made of the inputs that core's recipe keeps",
    r".*/__pycache__(/.*)?": "Python makes it anew, and it holds times",
    r"var/lib/ucf/(hashfile|registry)\.[0-9]": "databases as they were",
}
ALL_DATABASES: Final = {
    **DATABASES,
    "var/lib/dpkg/statoverride": lambda text: sorted(text.split("\n")),
    "var/lib/ucf/hashfile": lambda text: sorted(text.split("\n")),
    # Its comment has the date on which its package was installed.
    "etc/mdadm/mdadm.conf": lambda text: [line for line in text.split("\n") if not line.startswith("#")],
}


def main() -> int:
    """Compare and print what differs."""
    options = parser(__doc__)
    options.add_argument("--keep", metavar="DIRECTORY", type=Path, help="leave both trees there")
    chosen = options.parse_args()
    report = Report(title="modules against one installation")
    with tempfile.TemporaryDirectory(prefix="modpkg-joint.") as name:
        place = chosen.keep or Path(name)
        place.mkdir(exist_ok=True)
        work = place / "work"
        workshop = open_workshop(CHECKOUT / "recipes", platform=PLATFORM, site=Site.of(os.environ), work=work)
        if not (place / "image").exists():
            _assemble(workshop, place)
        if not (place / "installed").exists():
            report.rows.append(_install(workshop, place))
        _compare(place, report)
    return show(report, output=chosen.output)


def _assemble(workshop: Workshop, place: Path) -> None:
    say("building modules and their image")
    names = usual(workshop.catalogue, PLATFORM)
    built = build_modules(workshop, names, sink=ignore)
    pins = tuple({"name": name, "version": "~0"} for name in names)
    facts = {"name": "joint", "summary": "All modules", "platform": PLATFORM, "channel": "testing"}
    manifest = Manifest.model_validate({**facts, "modules": pins})
    plan = plan_image(manifest, [one.module for one in built], images=workshop.work / "images")
    build_image(plan, store=workshop.store, sink=ignore)
    unpack(plan.directory / "root.squashfs", place / "image")


def _install(workshop: Workshop, place: Path) -> Row:
    say("installing all packages into one root")
    names = usual(workshop.catalogue, PLATFORM)
    unique = {one.sha256: one for name in names for one in workshop.lock.modules[name]}
    files = {sha256: workshop.store.path(sha256) for sha256 in unique}
    work, tree = place / "install", place / "half-installed"
    for path in (work, tree):
        shutil.rmtree(path, ignore_errors=True)
    work.mkdir()
    job = work / "job.json"
    job.write_text(JointJob(packages=tuple(unique.values()), files=files, work=work).model_dump_json())
    program = [*enter("root"), sys.executable, "-m", "tests.support.joint", tree, job]
    row = measured(f"one installation of {len(unique)} packages", program)[0]
    recipes = [workshop.catalogue.recipes[name].recipe for name in names]
    prune(
        tree,
        exclude=(*workshop.platform.exclude, *(glob for recipe in recipes for glob in recipe.exclude)),
        include=(*workshop.platform.include, *(glob for recipe in recipes for glob in recipe.include)),
    )
    tree.rename(place / "installed")
    return row


def _compare(place: Path, report: Report) -> None:
    ours, theirs = named(place / "image"), named(place / "installed")
    found = unexpected(ours, theirs, DIFFERENCES, databases=ALL_DATABASES)
    for path, read in ALL_DATABASES.items():
        sides = [read((place / side / path).read_text()) for side in ("image", "installed")]
        if sides[0] != sides[1]:
            found[path] = (str(sides[0]), str(sides[1]))
    report.lists["differs without a reason"] = [
        (f"/{path}", f"{sides[0]} | {sides[1]}") for path, sides in found.items()
    ]
    differing = sorted({path for path, _ in ours.items() ^ theirs.items()})
    report.lists["differs, and why"] = [
        (why, f"{sum(1 for path in differing if re.fullmatch(pattern, path)):6}")
        for pattern, why in DIFFERENCES.items()
    ]
    report.lists["compared"] = [
        ("paths", f"{len({*ours, *theirs}):6}"),
        ("databases", f"{len(ALL_DATABASES):6}"),
    ]
    report.goals.append(Goal(name="differences without a reason", value=len(found), most=0, unit=""))


if __name__ == "__main__":
    sys.exit(main())
