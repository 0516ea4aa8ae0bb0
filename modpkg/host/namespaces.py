"""How a build gets a machine of its own: mounts, processes and network apart, as root or as a mapped user."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Final, Literal

from modpkg.errors import ModpkgError
from modpkg.host import tools
from modpkg.host.run import run

Mode = Literal["root", "user"]
APART: Final = (
    "--mount",
    "--pid",
    "--ipc",
    "--uts",
    "--net",
    "--fork",
    "--kill-child",
    "--propagation=private",
)
# Put before a command of a build: what that leaves running, and would be waited for, ends with it (pid_namespaces(7)).
OWN_PROCESSES: Final = ("unshare", "--pid", "--fork", "--kill-child")
MAPPED: Final = ("--user", "--map-root-user", "--map-auto")
# What a kernel may be told to keep user namespaces from users (user_namespaces(7), and patches of Debian and
# Ubuntu): the setting, the value that forbids them, one that allows them.
SETTINGS: Final = (
    ("kernel.unprivileged_userns_clone", 0, 1),
    ("kernel.apparmor_restrict_unprivileged_userns", 1, 0),
    ("user.max_user_namespaces", 0, 15000),
)


def mode() -> Mode:
    """Give how builds run here: "root" for root, "user" where user namespaces with mapped ids work.

    Raises ModpkgError that says what to install or allow where neither is possible.
    """
    if os.geteuid() == 0:
        if not _allowed(*APART):
            raise ModpkgError(
                "cannot build as root: the kernel refuses mounts and namespaces, as it does in most containers",
                hint="run modpkg outside of the container, or give that CAP_SYS_ADMIN and CAP_NET_ADMIN "
                "and no seccomp filter (docker, podman: --privileged)",
            )
        return "root"
    tools.require("newuidmap")
    name = _user_name()
    for table in (Path("/etc/subuid"), Path("/etc/subgid")):
        lines = table.read_text(encoding="utf-8").splitlines() if table.exists() else []
        if not any(line.startswith((f"{name}:", f"{os.getuid()}:")) for line in lines):
            raise ModpkgError(
                f"cannot build as {name!r}: no range of ids in {table}",
                hint=f"as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {name}",
            )
    # Asked first without ranges: refused with them, unshare leaves a helper behind that keeps our pipes open.
    if not (_allowed("--user") and _allowed(*MAPPED, *APART)):
        raise ModpkgError(f"cannot build as {name!r}: the kernel refuses user namespaces", hint=_way_out())
    return "user"


def _allowed(*flags: str) -> bool:
    return run(["unshare", *flags, "true"], check=False).returncode == 0


def _way_out() -> str:
    wanted = [f"{name}={good}" for name, bad, good in SETTINGS if _setting(name) == bad]
    if wanted:
        return f"as root: sysctl -w {' '.join(wanted)}; or run modpkg as root"
    return "run modpkg as root; in a container, outside of it"


def _setting(name: str) -> int | None:
    try:
        return int(Path("/proc/sys", *name.split(".")).read_text(encoding="ascii"))
    except (OSError, ValueError):
        # This kernel does not know it.
        return None


def _user_name() -> str:
    # $USER may be somebody else's after su: the tables of ids go by the real one.
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def enter(where: Mode) -> tuple[str, ...]:
    """Give the words that, put before a command, run it apart, as (mapped) root, dying with its parent."""
    mapped = MAPPED if where == "user" else ()
    return ("setpriv", "--pdeathsig", "KILL", "unshare", *mapped, *APART)
