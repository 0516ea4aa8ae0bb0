"""A chroot of the real archive, made once and kept, and packages to install into its copies."""

import hashlib
import os
from pathlib import Path

import pytest

from modpkg.events import ignore
from modpkg.formats.documents import load_platform
from modpkg.host.files import locked
from modpkg.host.mirrors import Mirrors
from modpkg.host.run import run
from modpkg.model.chroot import ChrootPlaces
from modpkg.pipeline.chroots import clone_chroot, create_chroot
from tests.support.small_root import CACHE

PLATFORM = Path(__file__).parents[2] / "recipes/platforms/bookworm.yaml"


def small_chroot(place: Path, name: str) -> ChrootPlaces:
    """Give a copy, below `place`, of the chroot in the cache, which is made at its first use."""
    if os.geteuid() != 0:
        pytest.skip("chroots need root")
    key = hashlib.sha256(PLATFORM.read_bytes()).hexdigest()[:16]
    kept = ChrootPlaces(CACHE / f"small-chroot-{key}" / "kept")
    with locked(CACHE / "small-chroot.lock"):
        if not kept.root.exists():
            create_chroot(
                kept, load_platform(PLATFORM), Mirrors(environ=os.environ), dry_run=False, sink=ignore
            )
    places = ChrootPlaces(place / name)
    clone_chroot(kept, places, dry_run=False, sink=ignore)
    return places


def make_package(directory: Path, version: str, *, program: Path) -> Path:
    """Make the package `row`: `program` as row-run, an alternative row-alt for it, a file in /etc."""
    tree = directory / f"row-{version}"
    for folder in ("DEBIAN", "usr/bin", "etc/row"):
        (tree / folder).mkdir(parents=True)
    (tree / "usr/bin/row-run").write_bytes(program.read_bytes())
    (tree / "usr/bin/row-run").chmod(0o755)
    (tree / "etc/row/conf").write_text(f"version {version}\n")
    (tree / "DEBIAN/control").write_text(
        f"Package: row\nVersion: {version}\nArchitecture: amd64\n"
        "Maintainer: A Tester <tester@example.org>\nDescription: for tests\n"
    )
    script = "#!/bin/sh\nset -e\nupdate-alternatives --install /usr/bin/row-alt row-alt /usr/bin/row-run 1\n"
    (tree / "DEBIAN/postinst").write_text(script)
    (tree / "DEBIAN/postinst").chmod(0o755)
    package = directory / f"row_{version}.deb"
    run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, package])
    return package
