"""A platform of few, real Debian packages: its documents, its lock, and a program that builds all of it.

The program, `python -m tests.support.small_platform RECIPES STORE WORK`, builds every module and an image, and
prints the sha256 of each file made as JSON. It is a program so that a test can give it another user, folder,
time zone, umask or date. Recipes hold a lock already; downloads are in the store or come from the mirror.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.events import Event, Output, event_to_dict, ignore
from modpkg.formats.catalogue import load_catalogue, order
from modpkg.pipeline.build_image import build_image, plan_image
from modpkg.pipeline.build_modules import BuiltModule, build_modules
from modpkg.pipeline.platform_lock import Wish, load_platform_lock, lock_path
from modpkg.pipeline.release_module import Wording, release_all
from modpkg.pipeline.site import Site
from modpkg.pipeline.workshop import Workshop
from tests.support.stack import write_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modpkg.events import Sink
    from modpkg.model.image import ImageDirectory

PLATFORM = "small"
IMAGE = "small"
MODULES = ("core", "kernel", "munge", "probe", "tools")
KERNEL = "6.1.0-small"
RELEASED = 1_700_000_000
PLATFORM_YAML = """\
name: small
summary: A few packages of Debian 12
package-manager: apt
architecture: amd64
keyring: /usr/share/keyrings/debian-archive-keyring.gpg
sources:
  - mirror: debian
    suites: [bookworm, bookworm-updates]
    components: [main]
  - mirror: debian-security
    suites: [bookworm-security]
    components: [main]
squashfs:
  level: 3
accounts:
  users:
    messagebus: 401
    systemd-network: 402
    munge: 405
  groups:
    users: 100
    messagebus: 401
    systemd-network: 402
    munge: 405
    systemd-journal: 410
    input: 411
    sgx: 412
    kvm: 413
    render: 414
exclude:
  - /usr/share/doc/**
  - /usr/share/man/**
  - /usr/share/locale/**
include:
  - /usr/share/doc/*/copyright
"""
RECIPE_TAIL = """\
description: A module of the tests.
license: GPL-2.0-or-later
homepage: https://www.example.org
maintainer: A Tester <tester@example.org>
platforms: [small]
"""
RECIPES = {
    "core": """\
name: core
version: "1.2.0"
summary: Essential packages and an init
packages: [adduser, busybox-static, kmod, systemd]
accounts: [input, kvm, render, sgx, systemd-journal, systemd-network, users]
""",
    "kernel": f"""\
name: kernel
version: "6.1.0"
summary: What looks like a kernel
contents:
  - {{src: modules, dst: /usr/lib/modules/{KERNEL}, type: tree}}
  - {{src: vmlinuz, dst: /boot/vmlinuz-{KERNEL}}}
""",
    "munge": """\
name: munge
version: "0.5.15"
summary: An account, a secret, a unit that waits for the site
packages: [munge]
accounts: [munge]
waits-for-site: [munge.service]
""",
    "tools": """\
name: tools
version: "2.0.0"
summary: Programs, one of them with a capability
packages: [file, hello, iputils-ping, libcap2-bin]
""",
    "probe": """\
name: probe
version: "0.1.0"
summary: All that a recipe can add by itself, on two modules
depends: [munge, tools]
contents:
  - {src: probe.service, dst: /etc/systemd/system/probe.service}
  - {src: tree, dst: /usr/share/probe/tree, type: tree, file-info: {mode: "0640", group: munge}}
  - {src: program, dst: /usr/bin/probe, file-info: {mode: "04755"}}
  - {dst: /var/lib/probe, type: dir, file-info: {mode: "0700", owner: munge, group: munge}}
  - {src: probe, dst: /usr/bin/probe-too, type: symlink}
services:
  enable: [probe.service]
  mask: [fstrim.timer]
scripts: [greet.sh]
""",
}
FILES = {
    "kernel/modules/modules.builtin": "".join(
        f"kernel/{name}.ko\n" for name in ("loop", "overlay", "squashfs")
    ),
    "kernel/modules/modules.builtin.modinfo": "",
    "kernel/modules/modules.order": "",
    "kernel/vmlinuz": "no kernel\n",
    "probe/probe.service": "[Service]\nExecStart=/usr/bin/probe\n[Install]\nWantedBy=multi-user.target\n",
    "probe/program": "#!/bin/sh\nexec hello\n",
    "probe/tree/one": "1\n",
    "probe/tree/below/two": "2\n",
    # Commands of the modules below, run where the module's own files are already in place.
    "probe/greet.sh": "hello >/usr/share/probe/greeting\ntest -u /usr/bin/probe\n"
    # What a test needs to know about the surroundings; it leaves no trace.
    "date '+today is %F'\n",
}
CHANGELOG = """\
entries:
  - version: "{version}-1"
    date: "2023-11-14T22:13:20Z"
    author: A Tester <tester@example.org>
    changes: [First release.]
"""
MANIFEST = """\
name: small
summary: All modules of the tests
platform: small
channel: testing
modules:
  - {name: core, version: "~1.2"}
  - {name: kernel, version: "~6.1"}
  - {name: munge, version: "~0.5"}
  - {name: probe, version: "~0.1"}
  - {name: tools, version: "~2.0"}
"""
REPOSITORY = """\
name: tests
summary: Modules of the tests
channels: [testing]
"""


def write_project(project: Path) -> Path:
    """Write recipes and the repository's document below `project`; give the folder of recipes."""
    versions = {name: text.split('"')[1] for name, text in RECIPES.items()}
    write_files(
        project,
        {
            "repo/repository.yaml": REPOSITORY,
            "recipes/platforms/small.yaml": PLATFORM_YAML,
            "recipes/images/small.yaml": MANIFEST,
            **{f"recipes/modules/{name}/recipe.yaml": text + RECIPE_TAIL for name, text in RECIPES.items()},
            **{
                f"recipes/modules/{n}/changelog.yaml": CHANGELOG.format(version=v)
                for n, v in versions.items()
            },
            **{f"recipes/modules/{path}": text for path, text in FILES.items()},
        },
    )
    return project / "recipes"


def release(recipes: Path) -> None:
    """Release all modules whose inputs are not those of their changelogs."""
    wish = Wish.of(load_catalogue(recipes), PLATFORM)
    lock = load_platform_lock(lock_path(recipes, PLATFORM), wish)
    release_all(
        load_catalogue(recipes), lock=lock, wording=Wording(message="A change.", author=None, now=RELEASED)
    )


def open_workshop(recipes: Path, *, site: Site, work: Path, fast: bool = False) -> Workshop:
    """Open the workshop of the small platform."""
    catalogue = load_catalogue(recipes)
    wish = Wish.of(catalogue, PLATFORM)
    lock = load_platform_lock(lock_path(recipes, PLATFORM), wish)
    return Workshop(catalogue=catalogue, platform=wish.platform, lock=lock, site=site, work=work, fast=fast)


def build_everything(workshop: Workshop, *, sink: Sink = ignore) -> list[BuiltModule]:
    """Build all modules of the small platform."""
    return build_modules(workshop, order(workshop.catalogue, PLATFORM), sink=sink)


def make_small_image(
    workshop: Workshop, built: Sequence[BuiltModule], *, images: Path, sink: Sink = ignore
) -> tuple[Path, ImageDirectory]:
    """Make the image of all modules, without a repository between."""
    manifest = workshop.catalogue.manifests[IMAGE][1]
    plan = plan_image(manifest, [one.module for one in built], images=images)
    return plan.directory, build_image(plan, store=workshop.store, sink=sink)


def digests(built: Sequence[BuiltModule], image: Path) -> dict[str, Path]:
    """Give the files whose bits have to be equal everywhere, by a name without folders."""
    files: dict[str, Path] = {f"image {path.name}": path for path in sorted(image.iterdir())}
    for one in built:
        files |= {f"{one.module.name}.json": one.module_path, one.deb.name: one.deb, one.rpm.name: one.rpm}
    return files


def digests_text(files: Mapping[str, Path]) -> str:
    """Give files with path and sha256, as JSON."""
    return json.dumps({name: [str(path), sha256_of(path)] for name, path in sorted(files.items())}, indent=2)


def sha256_of(path: Path) -> str:
    """Give a digest without the code under test."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def say(event: Event) -> None:
    """Write an event to standard error; of what programs write, only the day that they see."""
    if not isinstance(event, Output) or event.line.startswith("today is "):
        sys.stderr.write(json.dumps(event_to_dict(event)) + "\n")


def main(argv: Sequence[str]) -> None:
    """Build all that the module's docstring says."""
    recipes, store, work = map(Path, argv)
    site = Site.of({**os.environ, "MODPKG_STORE": str(store)})
    workshop = open_workshop(recipes, site=site, work=work)
    built = build_everything(workshop, sink=say)
    image, _ = make_small_image(workshop, built, images=work / "images", sink=say)
    sys.stdout.write(digests_text(digests(built, image)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
