"""What a channel's index says about modules: the packages of its stanzas as offers to choose from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from modpkg.errors import BadInputError
from modpkg.model.version import ModuleVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MODULE: Final = "Modpkg-Module"
PLATFORM: Final = "Modpkg-Platform"
EXACTLY: Final = re.compile(r"modpkg-module-(?P<rest>[a-z0-9-]+) \(= (?P<version>[^)]+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One published module. `depends` are the modules it was built on; `deb_path` is below the repository."""

    module: str
    version: ModuleVersion
    depends: Mapping[str, ModuleVersion]
    deb_path: str
    deb_sha256: str
    fragment_sha256: str
    fragment_size: int


class IndexEntry(Protocol):
    """A package of an index, as `modpkg.apt` reads it."""

    @property
    def control(self) -> Mapping[str, str]:
        """The fields of its control file."""

    @property
    def path(self) -> str:
        """Where it lies, below the repository."""

    @property
    def sha256(self) -> str:
        """The digest of the package."""


def offers_of(entries: Iterable[IndexEntry], *, platform: str, architecture: str) -> tuple[Offer, ...]:
    """Give the modules of one platform and architecture; other packages of an index are left out."""
    return tuple(
        _offer(entry, platform)
        for entry in entries
        if MODULE in entry.control
        and entry.control.get(PLATFORM) == platform
        and entry.control["Architecture"] in (architecture, "all")
    )


def _offer(entry: IndexEntry, platform: str) -> Offer:
    try:
        return Offer(
            module=entry.control[MODULE],
            version=ModuleVersion.parse(entry.control["Version"]),
            depends=_depends(entry.control.get("Depends", ""), platform),
            deb_path=entry.path,
            deb_sha256=entry.sha256,
            fragment_sha256=entry.control["Modpkg-Fragment-Sha256"],
            fragment_size=int(entry.control["Modpkg-Fragment-Size"]),
        )
    except (KeyError, ValueError) as error:
        raise BadInputError(f"cannot read what the channel says about {entry.path}: {error}") from error


def _depends(text: str, platform: str) -> dict[str, ModuleVersion]:
    found = {}
    for part in filter(None, (word.strip() for word in text.split(","))):
        match = EXACTLY.fullmatch(part)
        if not match or not match["rest"].endswith(f"-{platform}"):
            raise ValueError(f"its Depends has {part!r}")
        found[match["rest"].removesuffix(f"-{platform}")] = ModuleVersion.parse(match["version"])
    return found
