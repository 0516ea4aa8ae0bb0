"""Changes to YAML documents that keep comments and layout: only lines are added, none is rewritten."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError, DocumentError
from modpkg.formats import yaml
from modpkg.formats.documents import validate
from modpkg.formats.text import read_text
from modpkg.host.files import Receipt, write_atomically
from modpkg.model.changelog import Changelog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from modpkg.model.changelog import Entry

# Text that YAML reads as text without quotes, whatever stands around it.
PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9 ./+()_-]*[A-Za-z0-9./+()]")
UNPRINTABLE: Final = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def add_entry(path: Path, entry: Entry) -> Receipt:
    """Put an entry on top of a changelog, the rest left as it is; the result is checked before it is written.

    Raises DocumentError when the changelog is, or would become, faulty.
    """
    content = read_text(path)
    old = _load(path, content)
    first, column = yaml.parse(content, file=str(path)).values[("entries", 0)]
    lines = content.split("\n")
    start = lines[first - 1][: column - 1]
    if not re.fullmatch(r" *- +", start):
        raise BadInputError(
            "cannot add an entry: the entries are not a list with a dash for each",
            where=f"{path}:{first}:{column}",
            hint="write each entry as `- version: ...`, its other keys on lines of their own",
        )
    added = list(_entry_lines(entry, start))
    changed = "\n".join([*lines[: first - 1], *added, *lines[first - 1 :]])
    if _load(path, changed).entries != (entry, *old.entries):
        raise BadInputError("cannot add an entry: the result would not say the same", where=str(path))
    return write_atomically(path, changed, mode=path.stat().st_mode & 0o777)


def bind_entry(path: Path, platform: str, digest: str) -> Receipt:
    """Give the newest entry of a changelog its inputs on one platform, the rest left as it is.

    Raises BadInputError when it has some already: they are what its version means.
    """
    content = read_text(path)
    old = _load(path, content)
    if platform in old.newest.inputs:
        raise BadInputError(
            f"cannot bind {old.newest.version}: it is released for {platform}", where=str(path)
        )
    newest = old.newest.model_copy(update={"inputs": {**old.newest.inputs, platform: digest}})
    for changed in _bound(path, content, f"{platform}: {digest}"):
        if _entries(path, changed) == (newest, *old.entries[1:]):
            return write_atomically(path, changed, mode=path.stat().st_mode & 0o777)
    raise BadInputError(
        "cannot bind the newest entry: the result would not say the same",
        where=str(path),
        hint="write the keys of the entry, and those of its inputs, on lines of their own",
    )


def _bound(path: Path, content: str, line: str) -> Iterator[str]:
    """Give the texts that may say the same with one more line of inputs."""
    values = yaml.parse(content, file=str(path)).values
    lines = content.split("\n")
    if ("entries", 0, "inputs") in values:
        first, column = values[("entries", 0, "inputs")]
        yield "\n".join([*lines[: first - 1], f"{' ' * (column - 1)}{line}", *lines[first - 1 :]])
        return
    indent = " " * (values[("entries", 0)][1] - 1)
    end = values[("entries", 1)][0] - 1 if ("entries", 1) in values else len(lines)
    # Comments before the next entry belong to that one; but what looks like one may be text of a change.
    for outside in (r"\s*(#.*)?", r"\s*"):
        at = end
        while at and re.fullmatch(outside, lines[at - 1]):
            at -= 1
        yield "\n".join([*lines[:at], f"{indent}inputs:", f"{indent}  {line}", *lines[at:]])


def _entries(path: Path, content: str) -> tuple[Entry, ...] | None:
    try:
        return _load(path, content).entries
    except DocumentError:
        return None


def quoted(text: str) -> str:
    """Give a text as a YAML scalar: bare if that is safe, else in double quotes."""
    if PLAIN.fullmatch(text) and yaml.resolve(text) == text:
        return text
    escaped = json.dumps(text, ensure_ascii=False)
    return UNPRINTABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", escaped)


def _load(path: Path, content: str) -> Changelog:
    loaded = validate(path, yaml.parse(content, file=str(path)), Changelog)
    if loaded.document is None:
        raise DocumentError(list(loaded.problems))
    return loaded.document


def _entry_lines(entry: Entry, start: str) -> Iterator[str]:
    indent = " " * len(start)
    yield f'{start}version: "{entry.version}"'
    yield f'{indent}date: "{entry.date}"'
    yield f"{indent}author: {quoted(entry.author)}"
    yield f"{indent}urgency: {entry.urgency}"
    yield f"{indent}changes:"
    yield from (f"{indent}  - {quoted(change)}" for change in entry.changes)
    if entry.inputs:
        yield f"{indent}inputs:"
        yield from (f"{indent}  {name}: {digest}" for name, digest in sorted(entry.inputs.items()))
