"""A small image in two published versions, the second with a fix of security, another program, another unit.

All is made by the commands, from the small platform: packages by dpkg-deb, modules, repository, locks, images.
"""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modpkg.host.run import Completed, run
from modpkg.model.lock import LockedPackage
from tests.support.stack import write_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.small_store import Shop

OLD, NEW = "1.0-1", "1.0-2"
FIX = "CVE-2026-12345"
ENTRY = """\
beacon ({version}) {suite}; urgency={urgency}

  * {text}

 -- A Tester <tester@example.org>  Tue, 01 Sep 2026 10:0{number}:00 +0000
"""
UNIT = """\
[Unit]
Description=A light
[Service]
ExecStart=-/usr/bin/beacon --light
[Install]
WantedBy=multi-user.target
"""
RECIPE = """\
packages: [beacon]
contents:
  - {src: beacon.conf, dst: /etc/beacon.conf}
services:
  enable: [beacon.service]
"""
MANIFEST = """\
name: lights
summary: A small image with a service of its own
platform: small
channel: testing
modules:
  - {name: core, version: "~1.2"}
  - {name: kernel, version: "~6.1"}
  - {name: lighthouse, version: "~1.0"}
  - {name: munge, version: "0.5.15-REVISION"}
kernel-arguments: [quiet]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The shop with both versions; `old` and `new` are directories of images, `old_lock` the lock before the update."""

    shop: Shop
    old: Path
    new: Path
    old_lock: Path
    update: Mapping[str, Any]

    def modpkg(self, *words: str) -> Completed:
        return command(self.shop, *words)

    def data(self, *words: str, code: int = 0) -> Any:
        """Give what a command answers as JSON; it has to end with `code`."""
        done = self.modpkg(*words, "--output", "json")
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)


def command(shop: Shop, *words: str, project: Path | None = None) -> Completed:
    """Run modpkg in a shop, or with its store in another project; who calls names the platform."""
    environment = {**shop.environment, "SOURCE_DATE_EPOCH": "1790000000"}
    return run(
        [*shop.command("lock")[:-1], *words], env=environment, cwd=project or shop.project, check=False
    )


def make_versions(shop: Shop) -> Versions:
    """Build, publish, lock and assemble both."""
    shop.add_module("lighthouse", RECIPE, beacon(shop, OLD), files={"beacon.conf": "colour = white\n"})
    revision = _must(shop, "show-module", "munge", "--platform", "small")["version"].rpartition("-")[2]
    manifest = shop.recipes / "images/lights.yaml"
    manifest.write_text(MANIFEST.replace("REVISION", revision))
    _publish(shop)
    _must(shop, "lock", "lights")
    old = Path(_must(shop, "build-image", "lights")["directory"])
    old_lock = shop.place / "old.lock"
    old_lock.write_bytes(manifest.with_suffix(".lock").read_bytes())
    shop.lock_anew({"lighthouse": (beacon(shop, NEW),)})
    shop.edit("modules/munge/recipe.yaml", "summary: An account", "summary: One account")
    _publish(shop)
    update = _must(shop, "update", "lights")
    new = Path(_must(shop, "build-image", "lights")["directory"])
    return Versions(shop=shop, old=old, new=new, old_lock=old_lock, update=update)


def _publish(shop: Shop) -> None:
    small = ("--platform", "small")
    _must(shop, "release-module", "all", "--message", "A change.", *small)
    _must(shop, "build-all", "--offline", *small)
    _must(shop, "publish", "--channel", "testing", *small)


def _must(shop: Shop, *words: str) -> Any:
    done = command(shop, *words, "--output", "json")
    assert done.returncode == 0, f"{words}: {done.stderr}"
    return json.loads(done.stdout)


def beacon(shop: Shop, version: str) -> LockedPackage:
    """Make a package of one service by dpkg-deb, with its changelog, and put it into the store."""
    tree = shop.place / "packages" / version
    control = (
        f"Package: beacon\nVersion: {version}\nArchitecture: all\nMaintainer: A Tester <t@example.org>\n"
    )
    files = {
        "DEBIAN/control": f"{control}Depends: libc6\nDescription: a light\n",
        "usr/bin/beacon": f"#!/bin/sh\n# {version}\nexec sleep infinity\n",
        "lib/systemd/system/beacon.service": UNIT,
    }
    write_files(tree, files)
    entries = [ENTRY.format(version=OLD, suite="stable", urgency="low", text="First.", number=1)]
    if version == NEW:
        text = f"Close a hole ({FIX})."
        entries.insert(
            0, ENTRY.format(version=NEW, suite="stable-security", urgency="high", text=text, number=2)
        )
    document = tree / "usr/share/doc/beacon/changelog.Debian.gz"
    document.parent.mkdir(parents=True)
    document.write_bytes(gzip.compress("\n".join(entries).encode(), mtime=0))
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.name == "beacon" else 0o644)
        os.utime(path, (0, 0))
    package = tree.parent / f"beacon_{version}.deb"
    run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, package])
    receipt = shop.store.add(package)
    return LockedPackage(
        name="beacon",
        version=version,
        architecture="all",
        source="beacon",
        source_version=version,
        mirror="debian",
        path=f"pool/main/b/beacon/beacon_{version}_all.deb",
        size=receipt.size,
        sha256=receipt.sha256,
    )
