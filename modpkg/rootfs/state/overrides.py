"""dpkg's diversions (three lines each: from, to, package) and statoverrides (user, group, mode, path)."""

from __future__ import annotations

from typing import Final

from modpkg.rootfs.state.records import Database


def _diverted(record: str) -> str:
    return record.partition("\n")[0]


def _path(line: str) -> str:
    return line.split(" ", 3)[-1]


DIVERSIONS: Final = Database(
    pattern="var/lib/dpkg/diversions", what="diversion of", key=_diverted, order=_diverted, height=3
)
STATOVERRIDE: Final = Database(
    pattern="var/lib/dpkg/statoverride", what="override of", key=_path, order=_path
)
