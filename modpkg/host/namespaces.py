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
MAPPED: Final = ("--user", "--map-root-user", "--map-auto")


def mode() -> Mode:
    """Give how builds run here: "root" for root, "user" where user namespaces with mapped ids work.

    Raises ModpkgError that says what to install or allow where neither is possible.
    """
    if os.geteuid() == 0:
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
    if run(["unshare", *MAPPED, *APART, "true"], check=False).returncode != 0:
        raise ModpkgError(
            f"cannot build as {name!r}: the kernel refuses user namespaces",
            hint="as root: sysctl -w kernel.unprivileged_userns_clone=1 "
            "kernel.apparmor_restrict_unprivileged_userns=0, or run modpkg as root",
        )
    return "user"


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
