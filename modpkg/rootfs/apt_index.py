"""What the archive has: the lists of packages that apt fetched and verified, by the digest of each file."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from debian.deb822 import Deb822

from modpkg.errors import ModpkgError
from modpkg.model.lock import LockedPackage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

NAME: Final = re.compile(r"^Package: (\S+)$", re.MULTILINE)
SHA256: Final = re.compile(r"^SHA256: ([0-9a-f]{64})$", re.MULTILINE)
SOURCE: Final = re.compile(r"(?P<name>\S+)(?: \((?P<version>[^)]+)\))?")
INSTALLED: Final = "Status: install ok installed\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """The archive's packages: stanzas by mirror and digest, and the names of all."""

    stanzas: Mapping[tuple[str, str], str]
    names: frozenset[str]

    @classmethod
    def read(cls, lists: Iterable[tuple[str, Path]]) -> Index:
        """Read lists of packages, each with the alias of its mirror."""
        stanzas: dict[tuple[str, str], str] = {}
        names: set[str] = set()
        for mirror, path in lists:
            text = path.read_text(encoding="utf-8")
            # Millions of lines: python-debian would take a minute, so it parses only what is chosen.
            names.update(NAME.findall(text))
            for stanza in text.split("\n\n"):
                if found := SHA256.search(stanza):
                    stanzas.setdefault((mirror, found[1]), stanza.strip("\n"))
        return cls(stanzas=stanzas, names=frozenset(names))

    def package(self, mirror: str, sha256: str) -> LockedPackage:
        """Give one package as a lock says it."""
        stanza = Deb822(self._stanza(mirror, sha256))
        source = SOURCE.match(stanza.get("Source", ""))
        return LockedPackage(
            name=stanza["Package"],
            version=stanza["Version"],
            architecture=stanza["Architecture"],
            source=source["name"] if source else stanza["Package"],
            source_version=(source and source["version"]) or stanza["Version"],
            mirror=mirror,
            path=stanza["Filename"],
            size=int(stanza["Size"]),
            sha256=sha256,
        )

    def status(self, packages: Iterable[LockedPackage]) -> str:
        """Give dpkg's status file of a system where these packages are installed."""
        return "".join(f"{INSTALLED}{self._stanza(one.mirror, one.sha256)}\n\n" for one in packages)

    def hint(self, name: str) -> str:
        """Say what may be meant by a name that no package has; "" if nothing comes to mind."""
        if providers := self._providers(name):
            return f"it is a virtual package: name one of {', '.join(providers)}"
        # All 60,000 names would take a second; a typing error is seldom in the first letter.
        near = [
            one for one in self.names if one[0] == name[0] and abs(len(one) - len(name)) <= len(name) // 3
        ]
        close = difflib.get_close_matches(name, sorted(near), n=3, cutoff=0.75)
        return f"did you mean {' or '.join(repr(one) for one in close)}?" if close else ""

    def _stanza(self, mirror: str, sha256: str) -> str:
        try:
            return self.stanzas[mirror, sha256]
        except KeyError:
            raise ModpkgError(f"internal error: apt chose a file of no list: {sha256} of {mirror}") from None

    def _providers(self, name: str) -> list[str]:
        provides = re.compile(rf"^Provides: (?:.*, )?{re.escape(name)}(?:,| \(|$)", re.MULTILINE)
        found = [NAME.search(stanza) for stanza in self.stanzas.values() if provides.search(stanza)]
        return sorted({match[1] for match in found if match})
