"""A core, a kernel and two modules as small as they can be, made by dpkg, useradd and update-alternatives.

A program: `python -m tests.support.small_stack DIRECTORY`, run inside namespaces. It leaves for each module
`<name>.json`, its tree `<name>/` and its fragment `<name>.squashfs`.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from modpkg.events import ignore
from modpkg.host.mounts import overlay
from modpkg.host.run import run
from modpkg.model.module import Fragment, IncludedPackage, Module
from modpkg.rootfs.delta import take_delta
from modpkg.rootfs.generated.choose import at_build, left_in
from modpkg.rootfs.generated.run import drop_generated, run_generators
from modpkg.rootfs.inventory import inventory, lines_of, paths_of
from modpkg.rootfs.normalize import DIRECTORY_TIME, set_times, strip_attributes
from modpkg.rootfs.state.dpkg import Stanza
from modpkg.rootfs.state.drop import drop
from modpkg.rootfs.state.merge import merge_states
from modpkg.rootfs.state.take import take_state
from modpkg.squashfs.pack import Settings, pack_tree
from tests.support.stack import EPOCH, lower, make_module, write_files, write_module

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RELEASE = "6.1.0-test"
NAMES = ("core", "kernel", "slurm", "tools")
SETTINGS = Settings(level=1, block_size=131072, time=DIRECTORY_TIME)
ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    "etc/group": "root:x:0:\nshadow:x:42:\nvideo:x:44:\nnogroup:x:65534:\n",
    "etc/shadow": "root:*:20000:0:99999:7:::\nnobody:*:20000:0:99999:7:::\n",
    "etc/gshadow": "root:*::\nshadow:*::\nvideo:*::\nnogroup:*::\n",
}
CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")


def make_stack(place: Path) -> None:
    """Make all modules below `place`."""
    core = place / "core"
    _make_core(core, place / "debs")
    modules = {"core": _finish("core", core, [], place)}
    for name, fill in (("kernel", _fill_kernel), ("slurm", _fill_slurm), ("tools", _fill_tools)):
        modules[name] = _add(name, fill, modules["core"], place)


def _make_core(tree: Path, debs: Path) -> None:
    tree.mkdir()
    for name in ("bin", "sbin", "lib", "lib64"):
        (tree / "usr" / name).mkdir(parents=True)
        (tree / name).symlink_to(f"usr/{name}")
    for name in ("proc", "dev", "sys", "run", "tmp", "root", "boot", "var/log", "var/lib/dpkg/info"):
        (tree / name).mkdir(parents=True)
    (tree / "etc/alternatives").mkdir(parents=True)
    write_files(tree, {**ACCOUNTS, "etc/ld.so.conf": "/usr/lib/extra\n", "etc/machine-id": "0123\n"})
    for program in ("ldconfig", "kmod"):
        _copy_program(tree, program)
    (tree / "usr/sbin/depmod").symlink_to("../bin/kmod")
    files = {"usr/lib/os-release": 'ID=test\nVERSION_ID="1"\n', "usr/bin/mawk": "#!/bin/sh\n"}
    install(tree, debs, "base-files", files, fields={"Multi-Arch": "foreign"})
    install(tree, debs, "libbase", {"usr/lib/base/one": "1"}, version="1.5-1")
    alternative(tree, "/usr/bin/awk", "awk", "/usr/bin/mawk", priority=5)


def _fill_kernel(root: Path, debs: Path) -> None:
    drivers = "".join(f"kernel/{name}.ko\n" for name in ("loop", "overlay", "squashfs"))
    directory = f"usr/lib/modules/{RELEASE}"
    files = {
        f"boot/vmlinuz-{RELEASE}": "a kernel",
        f"{directory}/modules.builtin": drivers,
        f"{directory}/modules.builtin.modinfo": "",
        f"{directory}/modules.order": "",
    }
    install(root, debs, "linux-image", files)
    shutil.copyfile("/usr/bin/busybox", root / "usr/bin/busybox")
    (root / "usr/bin/busybox").chmod(0o755)


def _fill_slurm(root: Path, debs: Path) -> None:
    run(["groupadd", "--prefix", root, "--gid", "301", "munge"])
    account = ["--uid", "301", "--gid", "301", "--no-create-home", "--groups", "video", "munge"]
    run(["useradd", "--prefix", root, "--system", *account])
    files = {"usr/bin/munge": "munge", "usr/lib/python3/dist-packages/munge/one.py": "1"}
    install(root, debs, "munge", files, fields={"Depends": "libbase (>= 1.5)"})
    (root / "var/lib/munge").mkdir(mode=0o700)
    os.chown(root / "var/lib/munge", 301, 301)
    run(["dpkg-statoverride", "--root", root, "--add", "#301", "#301", "0700", "/var/lib/munge"])
    run(["dpkg-divert", "--root", root, "--package", "munge", "--no-rename", "--add", "/usr/bin/x"])


def _fill_tools(root: Path, debs: Path) -> None:
    files = {
        "usr/bin/gawk": "#!/bin/sh\n",
        "usr/lib/python3/dist-packages/tools/two.py": "2",
        "usr/lib/extra/.keep": "",
    }
    install(root, debs, "gawk", files, version="1:5.2-1", fields={"Depends": "libbase"})
    alternative(root, "/usr/bin/awk", "awk", "/usr/bin/gawk", priority=10)
    shutil.copyfile(_library("kmod", "libc.so"), root / "usr/lib/extra/libc.so.6")
    os.link(root / "usr/bin/gawk", root / "usr/bin/gawk-5.2")
    (root / "usr/bin/gawk").chmod(0o4755)
    (root / "usr/bin/able").write_text("has a capability")
    os.setxattr(root / "usr/bin/able", "security.capability", CAPABILITY)


def _add(name: str, fill: Callable[[Path, Path], None], core: Module, place: Path) -> Module:
    glue, root, upper, work = (place / f"{name}-{part}" for part in ("glue", "root", "upper", "work"))
    for directory in (glue, root, upper, work):
        directory.mkdir()
    merge_states([core], glue)
    with overlay(root, lower=[glue, place / "core"], upper=upper, work=work):
        fill(root, place / "debs")
    return _finish(name, upper, [core], place)


def _finish(name: str, tree: Path, below: list[Module], place: Path) -> Module:
    drop(tree)
    state = take_state(tree, below)
    drop_generated(tree, keep=left_in(paths_of(tree), below))
    strip_attributes(tree)
    paths = take_delta(tree, below, replaces=(), recipe=name) if below else inventory(tree)
    commands = at_build(paths, below)
    lower_trees = [place / module.name for module in reversed(below)]
    made = run_generators(tree, lower=lower_trees, commands=commands, work=place / "generate", sink=ignore)
    paths = dict(sorted({**paths, **lines_of(tree, made)}.items()))
    set_times(tree, source_date_epoch=EPOCH)
    tree.rename(place / name)
    receipt = pack_tree(place / name, place / f"{name}.squashfs", SETTINGS)
    fragment = Fragment(
        sha256=receipt.sha256,
        size=receipt.size,
        uncompressed_size=1,
        compression="zstd",
        level=SETTINGS.level,
        block_size=SETTINGS.block_size,
    )
    module = make_module(
        name,
        state=state,
        paths=paths,
        fragment=fragment,
        depends=tuple(map(lower, below)),
        packages=_packages(state.stanzas),
        kernel=RELEASE if name == "kernel" else None,
        waits_for_site=("munge.service",) if name == "slurm" else (),
    )
    write_module(module, place / f"{name}.json")
    return module


def _packages(stanzas: Sequence[str]) -> tuple[IncludedPackage, ...]:
    return tuple(
        IncludedPackage(
            name=one.package,
            version=one.version,
            architecture=one.architecture,
            source=one.package,
            source_version=one.version,
            sha256="0" * 64,
        )
        for one in map(Stanza.parse, stanzas)
    )


def install(
    tree: Path,
    debs: Path,
    name: str,
    files: dict[str, str],
    *,
    version: str = "1.0-1",
    fields: dict[str, str] | None = None,
) -> None:
    """Make a package of some files and install it by dpkg."""
    source = write_files(debs / name, files)
    for path in (source, *source.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    control = {"Package": name, "Version": version, "Architecture": "amd64", **(fields or {})}
    control |= {"Maintainer": "Test <test@example.org>", "Description": f"the package {name}"}
    write_files(source, {"DEBIAN/control": "".join(f"{key}: {value}\n" for key, value in control.items())})
    package = debs / f"{name}.deb"
    run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", source, package])
    run(["dpkg", f"--root={tree}", f"--log={tree}/var/log/dpkg.log", "--install", package])


def alternative(tree: Path, link: str, name: str, path: str, *, priority: int) -> None:
    """Register a choice by update-alternatives."""
    command = ["update-alternatives", "--root", tree, "--log", tree / "var/log/alternatives.log", "--install"]
    run([*command, link, name, path, str(priority)])


def _copy_program(tree: Path, name: str) -> None:
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    assert found, f"the host has no {name}"
    target = tree / "usr/bin" / name
    shutil.copyfile(found, target)
    target.chmod(0o755)
    for library in _libraries(found):
        copy = tree / "usr" / library.removeprefix("/usr").lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(library, copy)
        copy.chmod(0o755)


def _libraries(program: str) -> list[str]:
    # A static program has none: ldd says so and fails.
    return re.findall(r"(/\S+) \(0x", run(["ldd", program], check=False).stdout)


def _library(program: str, part: str) -> str:
    found = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
    return next(path for path in _libraries(str(found)) if part in path)


if __name__ == "__main__":
    os.umask(0o022)
    make_stack(Path(sys.argv[1]))
