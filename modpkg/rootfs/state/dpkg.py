"""dpkg's status: one stanza a package, kept to the letter.

A package that is not wholly installed is an error.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.rootfs.state.conflict import Conflict, disagreement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.rootfs.state.records import Shares

STATUS: Final = "var/lib/dpkg/status"
INSTALLED: Final = "install ok installed"
FIELD: Final = re.compile(r"^([!-9;-~]+):[ \t]*(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stanza:
    """What modpkg has to know of a stanza; `text` is all of it, without a newline at the end."""

    package: str
    version: str
    architecture: str
    status: str
    several: bool
    text: str

    @classmethod
    def parse(cls, text: str) -> Stanza:
        """Read one stanza; raises ModpkgError if a field is missing."""
        fields = {name.lower(): value for name, value in FIELD.findall(text)}
        try:
            return cls(
                package=fields["package"],
                version=fields["version"],
                architecture=fields["architecture"],
                status=fields["status"],
                several=fields.get("multi-arch") == "same",
                text=text,
            )
        except KeyError as error:
            raise ModpkgError(
                f"cannot read a stanza of dpkg's status without {error.args[0]!r}: {text!r}"
            ) from error

    @property
    def key(self) -> str:
        """The name of the package; where several architectures can be there at once, with its own."""
        return f"{self.package}:{self.architecture}" if self.several else self.package

    @property
    def release(self) -> str:
        """Version and architecture, as messages show them."""
        return f"{self.version} ({self.architecture})"


def parse_status(text: str) -> tuple[Stanza, ...]:
    """Read the text of a status file, in the order of dpkg: by package, then architecture."""
    blocks = (block.strip("\n") for block in re.split(r"\n[ \t]*\n", text))
    return in_order([Stanza.parse(block) for block in blocks if block])


def in_order(stanzas: Sequence[Stanza]) -> tuple[Stanza, ...]:
    """Sort stanzas as dpkg does."""
    return tuple(sorted(stanzas, key=lambda stanza: (stanza.package, stanza.architecture)))


def status_text(stanzas: Sequence[str]) -> str:
    """Join stanzas to a status file."""
    return "".join(f"{stanza}\n\n" for stanza in stanzas)


def added_stanzas(
    stanzas: Sequence[Stanza], *, base: Sequence[Stanza], below: str, here: str
) -> tuple[tuple[str, ...], tuple[Conflict, ...]]:
    """Give the stanzas that the base has not; lower packages that changed, half-installed ones: conflicts."""
    old = {stanza.key: stanza for stanza in base}
    new = {stanza.key: stanza for stanza in stanzas}
    conflicts = [
        conflict
        for key, stanza in old.items()
        for conflict in _differ(key, [(below, stanza), (here, new.get(key))])
    ]
    conflicts += [
        conflict
        for stanza in stanzas
        for conflict in disagreement(
            STATUS, f"status of package {stanza.key}", [("dpkg", INSTALLED), (here, stanza.status)]
        )
    ]
    return tuple(stanza.text for stanza in stanzas if stanza.key not in old), tuple(conflicts)


def merged_stanzas(shares: Shares) -> tuple[tuple[str, ...], tuple[Conflict, ...]]:
    """Give the union of the modules' stanzas, and the packages that they have in different versions."""
    having: dict[str, list[tuple[str, Stanza | None]]] = defaultdict(list)
    for module, texts in shares:
        for stanza in map(Stanza.parse, texts):
            having[stanza.key].append((module, stanza))
    conflicts = [conflict for key, sides in having.items() for conflict in _differ(key, sides)]
    unique = {stanza.text: stanza for sides in having.values() for _, stanza in sides if stanza}
    return tuple(stanza.text for stanza in in_order(list(unique.values()))), tuple(conflicts)


def _differ(key: str, sides: Sequence[tuple[str, Stanza | None]]) -> tuple[Conflict, ...]:
    releases = [(module, stanza.release if stanza else None) for module, stanza in sides]
    texts = [(module, stanza.text if stanza else None) for module, stanza in sides]
    # The version says it best; the whole stanza is only worth showing when the version is no different.
    return disagreement(STATUS, f"package {key}", releases) or disagreement(
        STATUS, f"record of package {key}", texts
    )
