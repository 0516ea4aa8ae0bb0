"""A disk document written as people would write it: one line for what is short."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# What YAML reads as a text without quotes, inside a flow mapping too.
PLAIN: Final = re.compile(r"[A-Za-z/][A-Za-z0-9_./=-]*|[0-9]+(MiB|GiB|TiB)")
WORDS: Final = frozenset(("true", "false", "null", "yes", "no", "on", "off"))


def document_text(document: Mapping[str, Any], *, source: str, notes: Sequence[str]) -> str:
    """Give the YAML of a disk document with remarks where it came from and what was left out."""
    return "\n".join([*_lines(document, source, notes), ""])


def _lines(document: Mapping[str, Any], source: str, notes: Sequence[str]) -> Iterator[str]:
    yield f"# From {source} of FAI's setup-storage by: modpkg import-disks"
    yield from (f"# {note}" for note in notes)
    yield f"name: {_flow(document['name'])}"
    for key in ("disks", "raid", "volume-groups"):
        if document[key]:
            yield f"{key}:"
        for name, value in document[key].items():
            if key == "raid":
                yield f"  {name}: {_flow(value)}"
                continue
            yield f"  {name}:"
            for part, inner in value.items():
                if isinstance(inner, list) and inner and isinstance(inner[0], dict):
                    yield f"    {part}:"
                    yield from (f"      - {_flow(one)}" for one in inner)
                else:
                    yield f"    {part}: {_flow(inner)}"
    if document["filesystems"]:
        yield "filesystems:"
        yield from (f"  - {_flow(one)}" for one in document["filesystems"])


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(_flow(one) for one in value)}]"
    if isinstance(value, str) and not (PLAIN.fullmatch(value) and value.lower() not in WORDS):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
