"""A tree for nodes to join: a small Debian with apt, of the platform's own archive. Needs root."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.host.files import temporary_directory
from modpkg.host.mirrors import hide
from modpkg.host.run import CommandError, run
from modpkg.model.platform import NOBODY
from modpkg.rootfs.apt_root import sources_text
from modpkg.rootfs.debian import LEFT_BY_MMDEBSTRAP, MERGED_USR_HOOKS

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.host.mirrors import Mirrors
    from modpkg.model.platform import Platform

LOCAL_MIRROR_HOOKS: Final = "/usr/share/mmdebstrap/hooks/file-mirror-automount"
APT_OPTIONS: Final = (
    'APT::Install-Recommends "false"',
    'Acquire::Check-Valid-Until "true"',
    'Acquire::Check-Date "true"',
)
# useradd's words for an account that nobody logs in to.
NOBODYS: Final = "/nonexistent:/usr/sbin/nologin"


def make_tree(tree: Path, platform: Platform, mirrors: Mirrors, *, sink: Sink) -> None:
    """Install the essential packages and apt into `tree`, which is not there yet, by mmdebstrap.

    apt there knows the platform's sources, at this site's mirrors. Accounts of the platform's table are there with its
    ids before any package asks for them: nodes and the tree agree about owners.
    """
    addresses = {source.mirror: mirrors.base(source.mirror) for source in platform.sources}
    with temporary_directory(tree.parent, prefix=".sources.") as scratch:
        sources = scratch / "platform.sources"
        sources.write_text(sources_text(platform, addresses), encoding="utf-8")
        command = [
            "mmdebstrap",
            "--mode=root",
            "--variant=apt",
            "--format=directory",
            "--include=ca-certificates",
        ]
        command += [f"--hook-dir={MERGED_USR_HOOKS}", *(f"--aptopt={option}" for option in APT_OPTIONS)]
        if any(address.startswith("file:") for address in addresses.values()):
            command.append(f"--hook-dir={LOCAL_MIRROR_HOOKS}")
        command += ["--dpkgopt=force-unsafe-io", platform.suite, str(tree), str(sources)]
        try:
            run(command, env={"INITRD": "No", "TMPDIR": str(scratch)}, sink=sink)
        except CommandError as error:
            raise ModpkgError(
                hide(error.what, addresses), hint="--verbose shows all that mmdebstrap says"
            ) from error
    for name in LEFT_BY_MMDEBSTRAP:
        (tree / name).unlink(missing_ok=True)
    # What the server's own is mounted over while somebody works in the tree.
    (tree / "etc/resolv.conf").touch()
    keyring = tree / platform.keyring.lstrip("/")
    if not keyring.exists():
        keyring.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(platform.keyring, keyring)
    add_accounts(tree, platform)


def add_accounts(tree: Path, platform: Platform) -> None:
    """Write the accounts of the platform's table into a tree; names and ids that it has stay as they are."""
    groups = {name: f"{name}:x:{gid}:" for name, gid in platform.accounts.groups.items()}
    users = {
        name: f"{name}:x:{uid}:{platform.accounts.groups.get(name, NOBODY)}::{NOBODYS}"
        for name, uid in platform.accounts.users.items()
    }
    added = _add_lines(tree / "etc/passwd", users)
    _add_lines(tree / "etc/shadow", {name: f"{name}:!:::::::" for name in added})
    added = _add_lines(tree / "etc/group", groups)
    _add_lines(tree / "etc/gshadow", {name: f"{name}:!::" for name in added})


def _add_lines(path: Path, lines: dict[str, str]) -> list[str]:
    text = path.read_text(encoding="utf-8")
    rows = [line.split(":") for line in text.splitlines()]
    names = {row[0] for row in rows}
    # In shadow and gshadow the third field is no id, and never looks like one here.
    ids = {row[2] for row in rows} - {""}
    added = [name for name, line in lines.items() if name not in names and line.split(":")[2] not in ids]
    with path.open("a", encoding="utf-8") as stream:
        stream.writelines(f"{lines[name]}\n" for name in added)
    return added
