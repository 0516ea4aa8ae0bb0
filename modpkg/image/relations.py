"""Looks for packages whose relations the packages of a set of modules, taken together, do not meet.

It is the rule of dpkg: one alternative of each Depends and Pre-Depends is there, no Conflicts and no Breaks.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from debian.debian_support import NativeVersion

from modpkg.image.finding import Finding
from modpkg.image.relation import parse_relations
from modpkg.rootfs.state.conflict import Side
from modpkg.rootfs.state.dpkg import FIELD, Stanza

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from modpkg.image.relation import Relation
    from modpkg.model.module import Module

NEEDS: Final = ("pre-depends", "depends")
REFUSES: Final = {"conflicts": "conflicts with", "breaks": "breaks"}
OPERATORS: Final[dict[str, Callable[[NativeVersion, NativeVersion], bool]]] = {
    "<<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    "=": lambda a, b: bool(a == b),
    ">=": lambda a, b: bool(a >= b),
    ">>": lambda a, b: bool(a > b),
}


@dataclass(frozen=True, slots=True)
class _Offer:
    """A name under which a package can be asked for; a virtual one may have no version."""

    package: str
    version: str | None

    def meets(self, relation: Relation) -> bool:
        """Tell whether this is what a relation names."""
        if not relation.operator:
            return True
        if self.version is None:
            return False
        return _holds(self.version, relation.operator, relation.version)


@lru_cache(maxsize=4096)
def _holds(version: str, operator: str, other: str) -> bool:
    # Many packages ask for the same of the same few.
    return OPERATORS[operator](NativeVersion(version), NativeVersion(other))


def relation_findings(modules: Sequence[Module]) -> Iterator[Finding]:
    """Give the packages that lack another one or cannot be together with it."""
    stanzas = {text: module.name for module in reversed(modules) for text in module.state.stanzas}
    fields = {text: {name.lower(): value for name, value in FIELD.findall(text)} for text in stanzas}
    offers = _offers(list(fields.values()))
    for text, module in stanzas.items():
        stanza = Stanza.parse(text)
        yield from _unmet(fields[text], stanza, module, offers)
        yield from _refused(fields[text], stanza, module, offers)


def _offers(packages: Sequence[dict[str, str]]) -> dict[str, list[_Offer]]:
    offers: dict[str, list[_Offer]] = defaultdict(list)
    for fields in packages:
        name = fields["package"]
        offers[name].append(_Offer(name, fields["version"]))
        for relation in _alternatives(fields.get("provides", "")):
            offers[relation.name].append(_Offer(name, relation.version or None))
    return offers


def _unmet(
    fields: dict[str, str], stanza: Stanza, module: str, offers: dict[str, list[_Offer]]
) -> Iterator[Finding]:
    for field in NEEDS:
        for group in parse_relations(fields.get(field, "")):
            found = [offer for relation in group for offer in offers.get(relation.name, [])]
            if any(offer.meets(r) for r in group for offer in offers.get(r.name, [])):
                continue
            there = ", ".join(sorted({_words(offer) for offer in found})) or "nothing of that name"
            yield Finding(
                about=f"package {stanza.key}",
                what=f"needs {' | '.join(map(str, group))}",
                sides=(Side(module, f"{stanza.key} {stanza.release}"), Side("the image", there)),
                hint="" if found else f"add a module with {group[0].name}, or put it into {module}",
            )


def _refused(
    fields: dict[str, str], stanza: Stanza, module: str, offers: dict[str, list[_Offer]]
) -> Iterator[Finding]:
    for field, verb in REFUSES.items():
        for relation in _alternatives(fields.get(field, "")):
            for offer in offers.get(relation.name, []):
                # A package may refuse a virtual name that it provides: others must not provide it too.
                if offer.package != stanza.package and offer.meets(relation):
                    yield Finding(
                        about=f"package {stanza.key}",
                        what=f"{verb} {relation}",
                        sides=(
                            Side(module, f"{stanza.key} {stanza.release}"),
                            Side("the image", _words(offer)),
                        ),
                    )


def _alternatives(text: str) -> Iterator[Relation]:
    for group in parse_relations(text):
        yield from group


def _words(offer: _Offer) -> str:
    return f"{offer.package} {offer.version}" if offer.version else offer.package
