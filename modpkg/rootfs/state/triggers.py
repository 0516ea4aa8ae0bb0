"""dpkg's triggers: which package waits for which path or name. A trigger that did not run is an error."""

from __future__ import annotations

from typing import Final

from modpkg.errors import ModpkgError
from modpkg.rootfs.state.records import Database

# Among the files of triggers, but none: it is empty, and goes with the other locks.
LOCK: Final = "var/lib/dpkg/triggers/Lock"


def _refuse(record: str) -> str:
    raise ModpkgError(
        f"cannot take the state of a build in which a trigger did not run: {record}",
        hint="dpkg --configure --pending in the tree shows why",
    )


UNINCORPORATED: Final = Database(
    pattern="var/lib/dpkg/triggers/Unincorp", what="pending trigger", clean=_refuse
)
# File: a path and who waits for it. Every other file is named after a trigger and lists who waits for it.
TRIGGERS: Final = Database(pattern="var/lib/dpkg/triggers/*", what="trigger")
