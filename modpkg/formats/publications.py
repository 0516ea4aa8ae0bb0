"""The journal of a repository as text: JSON with one digest a line. Read strictly: it is the truth about channels."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from modpkg.model.patterns import NAME_PATTERN, SHA256_PATTERN
from modpkg.model.repository import Head, Publication, Replacement, Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    Kinds = Mapping[str, type | tuple[type, ...]]

HEAD: Final[Kinds] = {"id": str, "channel": str, "date": int, "key": str, "parent": (str, NoneType)}
SNAPSHOT: Final[Kinds] = {**HEAD, "packages": list, "indices": list}
REPLACEMENT: Final[Kinds] = {"path": str, "kind": str, "content": str}
PUBLICATION: Final[Kinds] = {"snapshot": dict, "replacements": list}
REPLACEMENT_KINDS: Final = ("text", "copy", "link")
# For all digests at once: a large channel has 20,000.
HEXADECIMAL: Final = re.compile("[0-9a-f]*")
DIGEST_LETTERS: Final = 64
# The packages of a snapshot stand after its head, here and where an older modpkg wrote it.
AFTER_HEAD: Final = b',\n  "packages"'


def snapshot_text(snapshot: Snapshot) -> str:
    """Give an entry of the journal."""
    return _snapshot_text(snapshot) + "\n"


def publication_text(publication: Publication) -> str:
    """Give a publication that is decided."""
    replacements = [_fields(each) for each in publication.replacements]
    snapshot = _snapshot_text(publication.snapshot)
    return _object({"snapshot": snapshot, "replacements": json.dumps(replacements, indent=2)}) + "\n"


def parse_snapshot(content: bytes) -> Snapshot:
    """Read an entry of the journal; raises ValueError on anything else."""
    return _snapshot(json.loads(content))


def parse_head(content: bytes) -> Head:
    """Read what stands before the packages of an entry, of which `content` is the beginning or all."""
    start, found, _ = content.partition(AFTER_HEAD)
    if found:
        return Head(**_head(_checked(json.loads(start + b"}"), HEAD)))
    snapshot = parse_snapshot(content)
    return Head(**{field.name: getattr(snapshot, field.name) for field in fields(Head)})


def parse_publication(content: bytes) -> Publication:
    """Read a publication that is decided; raises ValueError on anything else."""
    found = _checked(json.loads(content), PUBLICATION)
    replacements = tuple(_replacement(each) for each in found["replacements"])
    return Publication(snapshot=_snapshot(found["snapshot"]), replacements=replacements)


def _snapshot_text(snapshot: Snapshot) -> str:
    # json takes ten times as long for 20,000 digests, which need no escapes.
    digests = '",\n  "'.join(snapshot.packages)
    packages = f'["{digests}"]' if digests else "[]"
    fields = _fields(snapshot).items()
    return _object({name: packages if name == "packages" else json.dumps(value) for name, value in fields})


def _object(fields: Mapping[str, str]) -> str:
    return "{" + ",\n  ".join(f'"{name}": {value}' for name, value in fields.items()) + "}"


def _fields(value: Snapshot | Replacement) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _snapshot(value: object) -> Snapshot:
    # Entries of the first modpkg say nothing of indices.
    found = _checked({"indices": [], **value} if isinstance(value, dict) else value, SNAPSHOT)
    packages = tuple(map(str, found.pop("packages")))
    if not (HEXADECIMAL.fullmatch("".join(packages)) and {DIGEST_LETTERS}.issuperset(map(len, packages))):
        raise ValueError("packages are named by their digests")
    indices = tuple(map(str, found.pop("indices")))
    return Snapshot(**_head(found), packages=packages, indices=indices)


def _head(found: dict[str, Any]) -> dict[str, Any]:
    for name, pattern in (("id", SHA256_PATTERN), ("channel", NAME_PATTERN)):
        if not re.fullmatch(pattern, found[name]):
            raise ValueError(f"{found[name]!r} is no {name}")
    return found


def _replacement(value: object) -> Replacement:
    found = _checked(value, REPLACEMENT)
    if found["kind"] not in REPLACEMENT_KINDS:
        raise ValueError(f"{found['kind']!r} is no kind of replacement")
    return Replacement(**found)


def _checked(value: object, kinds: Kinds) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != kinds.keys():
        raise ValueError(f"this has other fields than {', '.join(kinds)}")
    for name, kind in kinds.items():
        if not isinstance(value[name], kind):
            raise ValueError(f"{name} is of another type")  # noqa: TRY004 - one error for all that is wrong with a text
    return value
