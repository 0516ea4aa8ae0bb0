"""The ssh host keys that the head keeps for nodes without a disk: made once, kept, closed to all others.

A key's file is readable for root alone; a generation has a copy that the web server's account may read, which
gives it to the node's own address.
"""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError
from modpkg.host import tools
from modpkg.host.run import run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from modpkg.model.inventory import Node, Nodes

SERVED: Final = "host-keys"
WEB_ACCOUNTS: Final = ("www-data", "nginx")
SHOWN: Final = 5


def nodes_with_keys(nodes: Nodes) -> list[Node]:
    """Give the nodes whose key the head keeps; raises BadInputError for those that have no fixed address."""
    found = [node for node in nodes.nodes.values() if node.settings.host_keys == "head"]
    without = [node.name for node in found if not node.address]
    if without:
        more = f" and {len(without) - SHOWN} more" if len(without) > SHOWN else ""
        raise BadInputError(
            f"cannot keep host keys on the head for {', '.join(without[:SHOWN])}{more}: no address of their own",
            hint="the key is given to that address alone; write address or first-address, or host-keys: boot",
        )
    return found


def read_keys(nodes: Nodes, place: Path) -> dict[str, str]:
    """Give the kept keys of nodes by name; "" for one that is not made yet."""
    return {
        node.name: path.read_text(encoding="ascii") if (path := place / node.name).is_file() else ""
        for node in nodes_with_keys(nodes)
    }


def make_keys(nodes: Nodes, place: Path) -> dict[str, str]:
    """Make the keys that are missing in `place`, a directory of mode 0700, and give all."""
    missing = [name for name, key in read_keys(nodes, place).items() if not key]
    if missing:
        program = tools.require("ssh-keygen")
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.chmod(0o700)
        for name in missing:
            scratch = place / f".{name}.new"
            scratch.unlink(missing_ok=True)
            run([program, "-q", "-t", "ed25519", "-N", "", "-C", f"root@{name}", "-f", scratch])
            scratch.with_name(f"{scratch.name}.pub").replace(place / f"{name}.pub")
            # Last: a key that is there has its public half beside it.
            scratch.replace(place / name)
    return read_keys(nodes, place)


def served_keys(nodes: Nodes, keys: Mapping[str, str]) -> dict[str, str]:
    """Give the files of a generation that hold keys, by the addresses that may have them."""
    return {f"{SERVED}/{nodes.nodes[name].address}": key for name, key in keys.items()}


def web_account() -> str:
    """Give the account that nginx's workers run as when root starts it; "" if it stays who starts it."""
    if os.geteuid() != 0:
        return ""
    return next((name for name in WEB_ACCOUNTS if _exists(name)), "")


def write_served(files: Mapping[str, str], place: Path) -> None:
    """Write keys below a generation that is being made, for root and the web server alone."""
    account = web_account()
    group = pwd.getpwnam(account).pw_gid if account else -1
    folder = place / SERVED
    folder.mkdir(mode=0o750)
    os.chown(folder, -1, group)
    for path, text in files.items():
        handle = os.open(place / path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            os.fchown(handle, -1, group)
            stream.write(text)


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
