"""Grants to wipe disks, as the head keeps them: a file each, which one rename uses up."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.formats.canonical import read_record, write_record
from modpkg.model.grant import GRANT_PATTERN, Grant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


# As modpkg.node.disk_script writes it.
SPOKEN: Final = re.compile(r"^grant_wipe \S+/grant/([0-9a-f]{32}) (.+)$", re.MULTILINE)


def spoken_of(generation: Path) -> dict[str, Grant]:
    """Give the grants that scripts of a generation speak of, used or not, by node."""
    found = {}
    for path in (generation / "disks").glob("*.sh"):
        match = SPOKEN.search(path.read_text(encoding="utf-8"))
        if match:
            found[path.stem] = Grant(node=path.stem, token=match[1], disks=tuple(match[2].split()))
    return found


@dataclass(frozen=True, slots=True)
class Grants:
    """The grants in a folder of the head; those that were used lie in `used`, for the record."""

    root: Path

    def open(self) -> dict[str, Grant]:
        """Give the grants that no boot has used yet, by node."""
        return {grant.node: grant for grant in self._all()}

    def give(self, node: str, disks: Sequence[str]) -> Grant:
        """Make a grant for the next boot of a node, in the place of one that it had."""
        grant = Grant(node=node, token=secrets.token_hex(16), disks=tuple(disks))
        self.root.mkdir(parents=True, exist_ok=True)
        write_record(self._path(grant.token), grant)
        self.withdraw(node, but=grant.token)
        return grant

    def withdraw(self, node: str, *, but: str = "") -> bool:
        """Take back what a node was granted and has not used; tell whether there was anything."""
        tokens = [grant.token for grant in self._all() if grant.node == node]
        paths = [self._path(token) for token in tokens if token != but]
        for path in paths:
            path.unlink(missing_ok=True)
        return bool(paths)

    def take(self, token: str) -> bool:
        """Use a grant up; True for the first who asks, and for nobody after."""
        if not re.fullmatch(GRANT_PATTERN, token):
            return False
        used = self.root / "used"
        used.mkdir(parents=True, exist_ok=True)
        path = used / f"{token}.json"
        try:
            self._path(token).rename(path)
        except FileNotFoundError:
            return False
        # When it was used; and on the disk before the node begins.
        os.utime(path)
        for folder in (self.root, used):
            descriptor = os.open(folder, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
        return True

    def _all(self) -> list[Grant]:
        return [read_record(path, Grant) for path in sorted(self.root.glob("*.json"))]

    def _path(self, token: str) -> Path:
        return self.root / f"{token}.json"
