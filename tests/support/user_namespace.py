"""Runs a program as root of a user namespace in which ids are what they are outside. Needs root.

A program: `python -m tests.support.user_namespace COMMAND...`. unshare cannot do this without an entry for root
in /etc/subuid.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
IDS = "0 0 65536\n"


def main(argv: list[str]) -> int:
    """Run `argv` and give its exit status."""
    ready, go = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        os.write(ready[1], b"x")
        os.read(go[0], 1)
        os.execvp(argv[0], argv)  # noqa: S606 - a wrapper: its child becomes the command
    os.read(ready[0], 1)
    for table in ("uid_map", "gid_map"):
        Path(f"/proc/{pid}/{table}").write_text(IDS)
    os.write(go[1], b"x")
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
