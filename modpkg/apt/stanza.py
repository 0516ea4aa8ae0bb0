"""Stanzas of Packages: a package's control fields and where it lies. Never reads a package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.model.version import ModuleVersion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ADDED_FIELDS: Final = ("Filename", "Size", "SHA256")
# The kind of pieces that Packages is made of.
STANZAS: Final = "stanza"
OWN_FIELDS: Final = {"filename", "size", "md5sum", "sha1", "sha256", "sha512"}


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


def render_stanza(entry: Entry) -> str:
    """Give the stanza of one package, with the empty line after it."""
    # A control file that brings its own Filename or digest must not be believed.
    fields = {name: value for name, value in entry.control.items() if name.lower() not in OWN_FIELDS}
    fields |= {"Filename": entry.path, "Size": str(entry.size), "SHA256": entry.sha256}
    lines = [f"{name}:{'' if value.startswith(chr(10)) else ' '}{value}\n" for name, value in fields.items()]
    return "".join([*lines, "\n"])


def parse_packages(text: str) -> Iterator[Entry]:
    """Read a Packages file. Raises KeyError or ValueError on a stanza that lacks what modpkg writes."""
    from debian.deb822 import Deb822  # noqa: PLC0415 - slow to load, and a publisher reads none

    for paragraph in Deb822.iter_paragraphs(text, use_apt_pkg=False):
        fields = {str(name): str(value) for name, value in paragraph.items()}
        path, size, sha256 = (fields.pop(name) for name in ADDED_FIELDS)
        yield Entry(control=fields, path=path, size=int(size), sha256=sha256)
