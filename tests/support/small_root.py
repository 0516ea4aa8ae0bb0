"""A small root file system of real packages, made once and kept for later test runs."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from modpkg.host import tools
from modpkg.host.files import locked, new_directory
from modpkg.host.run import run

CACHE = Path(os.environ.get("MODPKG_TEST_CACHE", str(Path.home() / ".cache/modpkg-tests")))
SUITE = "bookworm"
PACKAGES = (
    *("usr-is-merged", "systemd", "systemd-sysv", "udev", "dbus", "libpam-systemd", "kmod", "iproute2"),
    *("procps", "busybox-static", "linux-image-cloud-amd64"),
)
LEFT_OUT = (
    "boot/*",
    "usr/share/doc/*",
    "usr/share/man/*",
    "usr/share/locale/*",
    "var/cache/apt/*",
    "var/lib/apt/*",
)
# apt trusts whatever the host's configuration says unless told otherwise.
APT_OPTIONS = (
    'APT::Install-Recommends "false"',
    'Acquire::Check-Valid-Until "true"',
    'Acquire::Check-Date "true"',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallRoot:
    """A tree, its kernel, and the tree as a squashfs."""

    tree: Path
    squashfs: Path

    @property
    def kernel(self) -> str:
        (directory,) = (self.tree / "usr/lib/modules").iterdir()
        return directory.name

    @property
    def vmlinuz(self) -> Path:
        return self.tree / "boot" / f"vmlinuz-{self.kernel}"


def small_root(*more: str) -> SmallRoot:
    """Give the root, with `more` packages, from the cache, or make it from the host's own package sources."""
    if os.geteuid() != 0:
        pytest.skip("making a root file system for the test needs root")
    packages = (*PACKAGES, *more)
    key = hashlib.sha256(repr((SUITE, packages, LEFT_OUT, APT_OPTIONS)).encode()).hexdigest()[:16]
    place = CACHE / f"small-root-{key}"
    with locked(CACHE / "small-root.lock"):
        if not place.exists():
            with new_directory(place) as scratch:
                _make(scratch, packages)
    return SmallRoot(tree=place / "tree", squashfs=place / "root.squashfs")


def _make(place: Path, packages: tuple[str, ...]) -> None:
    tree = place / "tree"
    run(
        [
            *("mmdebstrap", "--mode=root", "--format=directory", "--variant=essential"),
            f"--include={','.join(packages)}",
            "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
            *(f"--aptopt={option}" for option in APT_OPTIONS),
            "--dpkgopt=force-unsafe-io",
            *(SUITE, str(tree), *map(str, _sources())),
        ],
        # The initrd is what the tests are about: none of the distribution's is wanted.
        env={"INITRD": "No", "TMPDIR": str(place)},
    )
    # Without it, the first boot enables every unit there is.
    (tree / "etc/machine-id").write_bytes(b"")
    run(
        [
            *("mksquashfs", tree, place / "root.squashfs", "-comp", "zstd", "-Xcompression-level", "3"),
            *("-no-progress", "-quiet", "-no-xattrs", "-wildcards", "-e", *LEFT_OUT),
        ]
    )


def _sources() -> list[Path]:
    tools.require("mmdebstrap")
    apt = Path("/etc/apt")
    candidates = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]
    found = [path for path in candidates if path.suffix in {".list", ".sources"} and path.is_file()]
    sources = [path for path in found if SUITE in path.read_text(encoding="utf-8")]
    if not sources:
        pytest.skip(f"the host has no package source for {SUITE}")
    return sources
