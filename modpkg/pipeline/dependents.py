"""Which packages of a channel were built on which others, by what their stanzas say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from modpkg.apt.stanza import STANZAS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modpkg.pipeline.index import Index
    from modpkg.pipeline.pieces import Known

DEPENDS: Final = re.compile(rb"^Depends: (.*)$", re.MULTILINE)
EXACTLY: Final = re.compile(r"(\S+) \(= ([^)]+)\)")


def needs_of(index: Index, debs: Sequence[Known]) -> Mapping[str, frozenset[tuple[str, str]]]:
    """Give name and version of all that each of these packages needs exactly, by its digest."""
    texts = index.texts(STANZAS, [deb.sha256 for deb in debs])
    return {deb.sha256: _needs(text) for deb, text in zip(debs, texts, strict=True)}


def _needs(stanza: bytes) -> frozenset[tuple[str, str]]:
    line = DEPENDS.search(stanza)
    return frozenset(EXACTLY.findall(line[1].decode())) if line else frozenset()
