"""Installs Debian packages into a tree, with their real maintainer scripts and no service started."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from modpkg.host.files import remove_tree
from modpkg.host.mounts import chroot_mounts, mounted
from modpkg.host.namespaces import OWN_PROCESSES
from modpkg.host.run import run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.rootfs.pool import Pool

MERGED_USR_HOOKS: Final = "/usr/share/mmdebstrap/hooks/merged-usr"
# What mmdebstrap copies from the host or leaves for a second run; nothing of it may reach a module.
LEFT_BY_MMDEBSTRAP: Final = (
    "etc/hostname",
    "etc/resolv.conf",
    "etc/apt/sources.list",
    "etc/apt/apt.conf.d/99mmdebstrap",
    "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
)
POLICY: Final = "usr/sbin/policy-rc.d"


def script_environment(source_date_epoch: int) -> dict[str, str]:
    """Give the environment of maintainer scripts: no questions, no initrd, one moment."""
    return {
        "DEBIAN_FRONTEND": "noninteractive",
        "DEBCONF_NONINTERACTIVE_SEEN": "true",
        "HOME": "/root",
        "INITRD": "No",
        "SOURCE_DATE_EPOCH": str(source_date_epoch),
    }


def install_core(tree: Path, pool: Pool, *, names: Iterable[str], suite: str, epoch: int, sink: Sink) -> None:
    """Make a root filesystem in `tree`, which does not exist yet, from all packages named, which the pool holds."""
    command = [*OWN_PROCESSES, "mmdebstrap", "--mode=root", "--variant=essential", "--format=directory"]
    command += [f"--include={','.join(sorted(names))}", f"--hook-dir={MERGED_USR_HOOKS}"]
    command += ['--aptopt=APT::Install-Recommends "false"', "--dpkgopt=force-unsafe-io"]
    command += ["--skip=cleanup/apt", suite, str(tree), pool.source]
    run(command, env=script_environment(epoch), sink=sink)
    for name in LEFT_BY_MMDEBSTRAP:
        (tree / name).unlink(missing_ok=True)


def write_policy(directory: Path) -> None:
    """Write the layer that keeps package scripts from starting services (Debian's policy-rc.d)."""
    program = directory / POLICY
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    program.chmod(0o755)


def install_delta(
    root: Path, pool: Pool, *, names: Iterable[str], epoch: int, work: Path, sink: Sink
) -> None:
    """Install exactly the packages named into `root`, a mounted overlay whose lower layers are complete.

    Nothing that is there already may be upgraded, and nothing else may come along: the pool has no more.
    """
    archives = root / "var/cache/apt/archives"
    made = not archives.exists()
    archives.mkdir(parents=True, exist_ok=True)
    configuration = _apt_configuration(root, pool, work)
    environment = {**script_environment(epoch), "APT_CONFIG": str(configuration)}
    with chroot_mounts(root), mounted(pool.directory, archives):
        run(["apt-get", "-q", "update"], env=environment, sink=sink)
        wanted = sorted(names)
        run([*OWN_PROCESSES, "apt-get", "-q", "--yes", "install", *wanted], env=environment, sink=sink)
    if made:
        remove_tree(archives)


def drop_foreign_records(upper: Path, *, names: Iterable[str]) -> None:
    """Remove dpkg's files about packages other than `names` from a delta.

    dpkg writes the file lists of other packages anew when directories named there are not on disk, as they are
    where documentation was left out. These packages belong to the modules below, and so do their lists.
    """
    # A file is <package>.<kind> or <package>:<architecture>.<kind>; names such as python3.11 have dots themselves.
    own = re.compile("|".join(f"{re.escape(name)}(:[a-z0-9]+)?\\.[a-z0-9]+" for name in names) or r"(?!)")
    for path in (upper / "var/lib/dpkg/info").glob("*.*"):
        if not own.fullmatch(path.name):
            path.unlink()


def _apt_configuration(root: Path, pool: Pool, work: Path) -> Path:
    # All directories are ours: the host's configuration and lists must not be seen, nor written.
    for name in ("lists/partial", "etc", "log"):
        (work / name).mkdir(parents=True)
    (work / "sources.list").write_text(pool.source + "\n", encoding="utf-8")
    settings = {
        "Dir::Etc::parts": work / "etc",
        "Dir::Etc::main": work / "etc/apt.conf",
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": work / "etc",
        "Dir::Etc::preferences": work / "etc/preferences",
        "Dir::Etc::preferencesparts": work / "etc",
        "Dir::Etc::trustedparts": work / "etc",
        "Dir::State::lists": work / "lists",
        "Dir::State::extended_states": work / "extended_states",
        "Dir::State::status": root / "var/lib/dpkg/status",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Dir::Cache::archives": root / "var/cache/apt/archives",
        "Dir::Log": work / "log",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "APT::Get::Upgrade": "false",
        "DPkg::Chroot-Directory": root,
        "DPkg::Use-Pty": "false",
    }
    lines = [f'{name} "{value}";' for name, value in settings.items()]
    lines.append('DPkg::Options { "--force-unsafe-io"; };')
    path = work / "apt.conf"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
