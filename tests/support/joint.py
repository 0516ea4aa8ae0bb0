"""The same packages twice: in modules of a platform, and all of them in one root by one run of the package manager.

A program: `python -m tests.support.joint TREE JOB`, run inside namespaces: installs what the job names into TREE.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from modpkg.events import ignore
from modpkg.host.files import receipt_of
from modpkg.host.run import run
from modpkg.model.document import Record, Sha256
from modpkg.model.lock import LockedPackage
from modpkg.rootfs import debian
from modpkg.rootfs.pool import make_pool
from tests.support.stack import write_files

PLATFORM: Final = "joint"
KERNEL: Final = "6.1.0-joint"
EPOCH: Final = 1_700_000_000
PLATFORM_YAML: Final = """\
name: joint
summary: Packages that share databases and generated files
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
  users: {messagebus: 401, systemd-network: 402, munge: 405}
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
"""
TAIL: Final = """\
description: A module of the tests.
license: GPL-2.0-or-later
homepage: https://www.example.org
maintainer: A Tester <tester@example.org>
platforms: [joint]
"""
RECIPES: Final = {
    "core": """\
name: core
version: "1.0.0"
summary: Essential packages, an init, what makes certificates and PAM stacks
packages: [adduser, busybox-static, ca-certificates, kmod, systemd, udev]
accounts: [input, kvm, render, sgx, systemd-journal, systemd-network, users]
""",
    "kernel": f"""\
name: kernel
version: "1.0.0"
summary: What looks like a kernel
contents:
  - {{src: modules, dst: /usr/lib/modules/{KERNEL}, type: tree}}
  - {{src: vmlinuz, dst: /boot/vmlinuz-{KERNEL}}}
""",
    "one": """\
name: one
version: "1.0.0"
summary: One half of what meets in databases and caches
packages: [desktop-file-utils, gawk, glib-networking, gtk-update-icon-cache, htop, libnss-myhostname, libpam-cap,
  munge, shared-mime-info]
accounts: [messagebus, munge]
""",
    "two": """\
name: two
version: "1.0.0"
summary: The other half
packages: [btop, glib-networking, libnss-systemd, libpam-tmpdir, nano, original-awk]
accounts: [messagebus]
""",
}
FILES: Final = {
    "kernel/modules/modules.builtin": "".join(f"kernel/{n}.ko\n" for n in ("loop", "overlay", "squashfs")),
    "kernel/modules/modules.builtin.modinfo": "",
    "kernel/modules/modules.order": "",
    "kernel/vmlinuz": "no kernel\n",
}
CHANGELOG: Final = """\
entries:
  - version: "1.0.0-1"
    date: "2023-11-14T22:13:20Z"
    author: A Tester <tester@example.org>
    changes: [First release.]
"""
MANIFEST: Final = """\
name: joint
summary: All modules
platform: joint
channel: testing
modules:
  - {name: core, version: "~1.0"}
  - {name: kernel, version: "~1.0"}
  - {name: one, version: "~1.0"}
  - {name: two, version: "~1.0"}
"""
MIME: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="application/x-NAME"><comment>NAME</comment><glob pattern="*.NAME"/></mime-type>
</mime-info>
"""
SCHEMA: Final = """\
<schemalist><schema id="org.example.NAME" path="/org/example/NAME/">
<key name="a" type="b"><default>true</default></key></schema></schemalist>
"""
DESKTOP: Final = """\
[Desktop Entry]
Type=Application
Name=NAME
Exec=true
MimeType=x-scheme-handler/joint-NAME;
"""

CERTIFICATE: Final = """\
-----BEGIN CERTIFICATE-----
MIIBjzCCATWgAwIBAgIUUbqOZHlEtRQVXkD2jnx7qTLG8lswCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRbW9kcGtnIGpvaW50IHRlc3QwIBcNMjYxMTI2MjAzODA1WhgP
MjEyNjExMDIyMDM4MDVaMBwxGjAYBgNVBAMMEW1vZHBrZyBqb2ludCB0ZXN0MFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+khXF9a5DHoPtP5zNhQAF+GzQi7FgoeU
7BCrjosqStCKTxuQMGnFPa5+1Eoo80VvgLQaFYaOjkazPV0x7I6zAaNTMFEwHQYD
VR0OBBYEFOUPFUNKatyW7lzOb3C0ZOPW2dq+MB8GA1UdIwQYMBaAFOUPFUNKatyW
7lzOb3C0ZOPW2dq+MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIg
MSD9sR1PJCSImESCAt4rR2a38hCq4vmQImCTcZmOOekCIQC8htWNEXyYhqKVJPZQ
QjN5+W3isqmoyp68gKewsWu7qw==
-----END CERTIFICATE-----
"""


class JointJob(Record):
    """Packages to install together, and where their files are."""

    packages: tuple[LockedPackage, ...]
    files: dict[Sha256, Path]
    work: Path


def write_recipes(place: Path) -> Path:
    """Write the platform's documents below `place`; give the folder of recipes."""
    write_files(
        place,
        {
            "recipes/platforms/joint.yaml": PLATFORM_YAML,
            "recipes/images/joint.yaml": MANIFEST,
            **{f"recipes/modules/{name}/recipe.yaml": text + TAIL for name, text in RECIPES.items()},
            **{f"recipes/modules/{name}/changelog.yaml": CHANGELOG for name in RECIPES},
            **{f"recipes/modules/{path}": text for path, text in FILES.items()},
        },
    )
    return place / "recipes"


def package_of(name: str, place: Path) -> LockedPackage:
    """Make the package that only this test has, for the module `name`: inputs of generators. Its .deb is in `place`."""
    tree = place / name
    files = {
        f"usr/share/mime/packages/{name}.xml": MIME.replace("NAME", name),
        f"usr/share/glib-2.0/schemas/org.example.{name}.gschema.xml": SCHEMA.replace("NAME", name),
        f"usr/share/applications/joint-{name}.desktop": DESKTOP.replace("NAME", name),
        f"usr/lib/udev/hwdb.d/90-{name}.hwdb": f"evdev:name:{name}:*\n KEYBOARD_KEY_1=esc\n",
        "DEBIAN/control": f"Package: joint-{name}\nVersion: 1.0-1\nArchitecture: all\n"
        f"Maintainer: A Tester <tester@example.org>\nDescription: for {name}\n",
        "DEBIAN/postinst": "#!/bin/sh\nset -e\nupdate-ca-certificates\nsystemd-hwdb --usr update\n",
    }
    if name == "one":
        files["usr/local/share/ca-certificates/joint.crt"] = CERTIFICATE
    write_files(tree, files)
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.name == "postinst" else 0o644)
    package = place / f"joint-{name}.deb"
    run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, package])
    receipt = receipt_of(package)
    return LockedPackage(
        name=f"joint-{name}",
        version="1.0-1",
        architecture="all",
        source=f"joint-{name}",
        source_version="1.0-1",
        mirror="debian",
        path=f"pool/main/j/joint-{name}_1.0-1_all.deb",
        size=receipt.size,
        sha256=receipt.sha256,
    )


def install(tree: Path, job: JointJob) -> None:
    """Install all packages into one new root, as mmdebstrap does it."""
    pool = make_pool(job.work / "pool", job.packages, files=job.files, suite="bookworm")
    names = [package.name for package in job.packages]
    debian.install_core(tree, pool, names=names, suite="bookworm", epoch=EPOCH, sink=ignore)


if __name__ == "__main__":
    install(Path(sys.argv[1]), JointJob.model_validate_json(Path(sys.argv[2]).read_bytes()))
