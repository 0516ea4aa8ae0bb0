"""Relations between binary packages, as their control fields write them (Debian Policy 7.1).

python-debian reads them too; to load it takes longer than to check all packages of an image.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from modpkg.errors import ModpkgError

# Strict "<" and ">" are an old way to write "<=" and ">=" (Policy 7.1): no package of a living release has them.
ONE: Final = re.compile(
    r"\s*(?P<name>[a-zA-Z0-9][a-zA-Z0-9.+-]*)(?::(?P<qualifier>[a-z0-9][a-z0-9-]*))?"
    r"(?:\s*\(\s*(?P<operator><<|<=|=|>=|>>)\s*(?P<version>[^\s()]+)\s*\))?\s*"
)
Group = tuple["Relation", ...]


class Relation(NamedTuple):
    """One alternative; operator and version are "" where any version will do."""

    name: str
    qualifier: str = ""
    operator: str = ""
    version: str = ""

    def __str__(self) -> str:
        """Write it as a control field does."""
        qualifier = f":{self.qualifier}" if self.qualifier else ""
        version = f" ({self.operator} {self.version})" if self.operator else ""
        return f"{self.name}{qualifier}{version}"


@lru_cache(maxsize=4096)
def parse_relations(text: str) -> tuple[Group, ...]:
    """Give the groups of a field, all of which have to be met; of a group one alternative. Raises ModpkgError."""
    return tuple(tuple(map(_one, group.split("|"))) for group in text.split(",") if group.strip())


def _one(text: str) -> Relation:
    found = ONE.fullmatch(text)
    if found is None:
        raise ModpkgError(f"cannot read the relation {text.strip()!r} of a package")
    return Relation(**found.groupdict(default=""))
