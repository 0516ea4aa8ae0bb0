"""What package scripts and recipe scripts said when they failed, made into errors that name module and script.

The programs that ran them (apt, mmdebstrap, chroot) are no use to the reader: they worked in a directory that
is gone when the message is read. So the messages tell what was said, not how to call them again.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.host.run import CommandError

LINES_BEFORE: Final = 10
TAIL_LINES: Final = 20
COMPLAINT: Final = re.compile(r"dpkg: error|E: ")
END: Final = "Errors were encountered while processing:"
# What apt and mmdebstrap say about themselves, and the progress of other packages.
NOISE: Final = re.compile(
    r"Chrooting into |I: |E: (setup failed|mmdebstrap failed|Sub-process)|removed |rmdir: removing "
    r"|(Setting up|Unpacking|Selecting|Preparing to unpack|Processing triggers for|\(Reading database) "
    r"|(Reading|Building) (package lists|state information|dependency tree)"
    r"|(Need to get|After this operation|Get:\d|Fetched) ?"
    r"|The following |(Suggested|Recommended) packages:|\S+ is already the newest"
    r"|W: Download is performed unsandboxed |dpkg-deb: building package "
    r"|  \S|\d+ upgraded|debconf: delaying|Created symlink | *$"
)


def install_error(module: str, error: CommandError, *, recipe: str) -> ModpkgError:
    """Make the error of packages that could not be installed."""
    words = f"{error.completed.stdout}\n{error.completed.stderr}"
    return ModpkgError(f"cannot install the packages of module {module!r}{_around(words)}", where=recipe)


def script_error(what: str, error: CommandError, *, where: str) -> ModpkgError:
    """Make the error of a script or a program that a recipe asks for; `what` says what cannot be done."""
    words = error.completed.stderr or error.completed.stdout
    status = error.completed.returncode
    return ModpkgError(f"{what}: it ended with status {status}{_indented(words.splitlines())}", where=where)


def _around(words: str) -> str:
    # Each package tells of its own; what matters stands just before the first complaint.
    lines = [line for line in words.partition(END)[0].splitlines() if not NOISE.match(line)]
    found = [number for number, line in enumerate(lines) if COMPLAINT.search(line)]
    if not found:
        return _indented(lines)
    after = itertools.takewhile(lambda line: line.startswith(" "), lines[found[0] + 1 :])
    return _indented([*lines[max(0, found[0] - LINES_BEFORE) : found[0] + 1], *after])


def _indented(lines: Sequence[str]) -> str:
    return "".join(f"\n    {line}" for line in lines[-TAIL_LINES:])
