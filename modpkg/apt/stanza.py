"""Stanzas of Packages: a package's control fields and where it lies. Never reads a package."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from debian.deb822 import Deb822

from modpkg.model.version import ModuleVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ADDED_FIELDS: Final = ("Filename", "Size", "SHA256")
RELATION: Final = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9+.-]*)(?:\s*\((?P<operator>[<>=]+)\s*(?P<version>[^)\s]+)\s*\))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A package of an index. `path` is below `www`; size in bytes."""

    control: Mapping[str, str]
    path: str
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """The package's name."""
        return self.control["Package"]

    @property
    def version(self) -> ModuleVersion:
        """The package's version; raises BadInputError when it is no module version."""
        return ModuleVersion.parse(self.control["Version"])

    @property
    def architecture(self) -> str:
        """Debian's name of the architecture, or `all`."""
        return self.control["Architecture"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One package that another one needs; operator and version are "" where any version will do."""

    name: str
    operator: str
    version: str


def render_stanza(entry: Entry) -> str:
    """Give the stanza of one package, without an empty line after it."""
    # A control file that brings its own Filename or Size must not be believed.
    fields = {name: value for name, value in entry.control.items() if name not in ADDED_FIELDS}
    fields |= {"Filename": entry.path, "Size": str(entry.size), "SHA256": entry.sha256}
    return "".join(
        f"{name}:{'' if value.startswith(chr(10)) else ' '}{value}\n" for name, value in fields.items()
    )


def render_packages(entries: Iterable[Entry]) -> str:
    """Give a Packages file, sorted by name, version and digest."""
    ordered = sorted(entries, key=lambda entry: (entry.name, entry.version, entry.sha256))
    return "".join(f"{render_stanza(entry)}\n" for entry in ordered)


def parse_packages(text: str) -> Iterator[Entry]:
    """Read a Packages file. Raises KeyError or ValueError on a stanza that lacks what modpkg writes."""
    for paragraph in Deb822.iter_paragraphs(text, use_apt_pkg=False):
        fields = {str(name): str(value) for name, value in paragraph.items()}
        path, size, sha256 = (fields.pop(name) for name in ADDED_FIELDS)
        yield Entry(control=fields, path=path, size=int(size), sha256=sha256)


def parse_relations(text: str) -> tuple[Relation, ...]:
    """Read a field such as Depends. Module packages have no alternatives in it; such parts are left out."""
    matches = (RELATION.fullmatch(part.strip()) for part in text.split(",") if part.strip())
    return tuple(
        Relation(name=match["name"], operator=match["operator"] or "", version=match["version"] or "")
        for match in matches
        if match
    )
