"""YAML 1.2 with the place of every key and value.

Gives plain values: dict, tuple, str, int, float, bool, None. It knows nothing of documents, builds no objects
and follows no aliases: what YAML offers beyond plain values is a problem here.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.reader import ReaderError

from modpkg.errors import DocumentError, Problem
from modpkg.formats.quick_yaml import QuickReader, QuickScanner
from modpkg.formats.syntax import explain
from modpkg.formats.text import Place, Text, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ruamel.yaml.events import Event

Keys = tuple[str | int, ...]

DEEPEST: Final = 32
INTEGER: Final = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,18}|0x[0-9a-fA-F]{1,15}")
FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
INFINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
LONG_ESCAPE: Final = re.compile(r"\\U([0-9a-fA-F]{8})")
WORDS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a YAML file says, and where it says so.

    `values` and `keys` map the way to a value, such as ("contents", 1, "dst"), to the place of the value and
    of its key; `written` has the text of plain scalars that YAML took for something else than text.
    """

    text: Text
    value: Any
    values: Mapping[Keys, Place]
    keys: Mapping[Keys, Place]
    written: Mapping[Keys, str]
    problems: tuple[Problem, ...]
    faulty: frozenset[Keys]

    def problem(self, way: Keys, message: str, *, hint: str = "", key: bool = False) -> Problem:
        """Make a problem about the value at `way`, or its key; the nearest place above stands in for none."""
        if key and way in self.keys:
            return self.text.problem(self.keys[way], message, hint=hint)
        while way and way not in self.values:
            way = way[:-1]
        return self.text.problem(self.values.get(way, (1, 1)), message, hint=hint)


def read(path: Path) -> Parsed:
    """Read a YAML file. Raises DocumentError when it cannot be read or is not YAML at all."""
    return parse(read_text(path), file=str(path))


def _reader() -> YAML:
    made = YAML(typ="safe", pure=True)
    made.Reader, made.Scanner = QuickReader, QuickScanner
    return made


def parse(content: str, *, file: str) -> Parsed:
    """Parse a YAML text. Raises DocumentError when it is not YAML at all or holds no document."""
    text = Text.of(content, file=file)
    builder = _Builder(text=text)
    try:
        for event in _reader().parse(content):
            builder.take(event)
    except MarkedYAMLError as error:
        raise DocumentError([*builder.problems, explain(error, text.place, text.problem)]) from error
    except ReaderError as error:
        message = f"the character {chr(error.character)!a} is not allowed in YAML"
        raise DocumentError([text.problem(text.place(error.position), message)]) from error
    except (ValueError, OverflowError) as error:  # ruamel.yaml lets chr() fail on \U with a large number
        raise DocumentError([*builder.problems, _beyond_unicode(text, content, error)]) from error
    if builder.root is None:
        fault = Problem(
            file=file, message="the file holds no document", hint="docs/reference/documents.md has an example"
        )
        raise DocumentError([*builder.problems, fault])
    return builder.finish()


def _beyond_unicode(text: Text, content: str, error: Exception) -> Problem:
    found = next((one for one in LONG_ESCAPE.finditer(content) if int(one[1], 16) > sys.maxunicode), None)
    if found is None:
        return Problem(file=text.file, message=f"cannot read this as YAML: {error}")
    message = f"the escape {found[0]} is no character"
    return text.problem(text.place(found.start()), message, hint="the last one is \\U0010FFFF")


def resolve(text: str) -> str | float | bool | None:
    """Give the value of a plain scalar by the core schema of YAML 1.2."""
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
    if FLOAT.fullmatch(text):
        return float(text)
    if INFINITE.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text


@dataclass(slots=True)
class _Frame:
    # An open mapping or sequence. `key` waits for its value; `skipped` says that the value will not be kept.
    way: Keys
    mapping: dict[str, Any] | None
    items: list[Any] = field(default_factory=list)
    key: str | None = None
    skipped: bool = False

    def skip(self) -> None:
        # The value is read under a name of its own, so that its places do not cover those of the first.
        self.skipped = True
        self.key = f"{self.key} (not kept)"

    def next_way(self) -> Keys:
        return (*self.way, len(self.items) if self.key is None else self.key)

    def add(self, value: object) -> None:
        if self.mapping is None:
            self.items.append(value)
            return
        if not self.skipped and self.key is not None:
            self.mapping[self.key] = value
        self.key = None
        self.skipped = False

    def whole(self) -> Any:
        return tuple(self.items) if self.mapping is None else self.mapping


@dataclass(slots=True)
class _Builder:
    text: Text
    problems: list[Problem] = field(default_factory=list)
    values: dict[Keys, Place] = field(default_factory=dict)
    keys: dict[Keys, Place] = field(default_factory=dict)
    written: dict[Keys, str] = field(default_factory=dict)
    faulty: set[Keys] = field(default_factory=set)
    frames: list[_Frame] = field(default_factory=list)
    root: tuple[Any] | None = None
    documents: int = 0

    def finish(self) -> Parsed:
        return Parsed(
            text=self.text,
            value=self.root[0] if self.root else None,
            values=self.values,
            keys=self.keys,
            written=self.written,
            problems=tuple(self.problems),
            faulty=frozenset(self.faulty),
        )

    def take(self, event: Event) -> None:
        if isinstance(event, DocumentStartEvent):
            self._document(event)
        elif self.documents > 1:
            return
        elif isinstance(event, CollectionEndEvent):
            self._add(self.frames.pop().whole())
        elif isinstance(event, NodeEvent):
            self._node(event)

    def _document(self, event: DocumentStartEvent) -> None:
        self.documents += 1
        place = self.text.place(event.start_mark.index)
        if self.documents == 2:  # noqa: PLR2004 - told once, at the second document
            self._tell(place, "a second document begins", hint="one file holds one document")
        if event.version or event.tags:
            self._tell(place, "a directive (%) is not allowed", hint="remove the line that begins with %")

    def _node(self, event: NodeEvent) -> None:
        place = self.text.place(event.start_mark.index)
        frame = self.frames[-1] if self.frames else None
        if frame is not None and frame.mapping is not None and frame.key is None:
            self._key(event, frame, place)
            return
        way = frame.next_way() if frame else ()
        # A value that is not there has the place of whatever comes next, which would mislead.
        empty = isinstance(event, ScalarEvent) and not event.value and event.implicit[0]
        self.values[way] = self.keys.get(way, place) if empty else place
        self._refuse_extras(event, way, place)
        if isinstance(event, CollectionStartEvent):
            self._open(event, way, place)
        elif isinstance(event, ScalarEvent):
            self._add(self._scalar(event, way))
        else:
            self._add(None)

    def _open(self, event: CollectionStartEvent, way: Keys, place: Place) -> None:
        if len(self.frames) >= DEEPEST:
            self._stop(place, f"lists and mappings are nested more than {DEEPEST} deep")
        self.frames.append(_Frame(way, {} if isinstance(event, MappingStartEvent) else None))

    def _scalar(self, event: ScalarEvent, way: Keys) -> Any:
        if not event.implicit[0]:
            return event.value
        value = resolve(event.value)
        if not isinstance(value, str):
            self.written[way] = event.value
        return value

    def _key(self, event: NodeEvent, frame: _Frame, place: Place) -> None:
        if not isinstance(event, ScalarEvent):
            self._stop(place, "a key is a word", hint="write key: value")
        frame.key = str(event.value)
        way = (*frame.way, frame.key)
        self._refuse_extras(event, way, place)
        if event.implicit[0] and not isinstance(resolve(frame.key), str):
            shown = frame.key or "that is empty"
            self._tell(place, f"the key {shown} is not text", hint="write the key in quotes")
            self.faulty.add(way)
        if frame.key == "<<":
            self._tell(place, "merge keys (<<) are not allowed", hint="write the keys out")
            frame.skip()
        elif way in self.keys:
            hint = f"it is first in line {self.keys[way][0]}; remove one"
            self._tell(place, f"the key {frame.key!r} is there twice", hint=hint)
            frame.skip()
        else:
            self.keys[way] = place

    def _refuse_extras(self, event: NodeEvent, way: Keys, place: Place) -> None:
        if isinstance(event, AliasEvent):
            self._tell(place, f"aliases (*{event.anchor}) are not allowed", hint="write the value out")
            self.faulty.add(way)
        elif event.anchor:
            self._tell(place, f"anchors (&{event.anchor}) are not allowed", hint="remove the anchor")
        if tag := getattr(event, "tag", None):
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            self._tell(place, f"tags ({shown}) are not allowed", hint="remove the tag")
            self.faulty.add(way)

    def _add(self, value: object) -> None:
        if self.frames:
            self.frames[-1].add(value)
        else:
            self.root = (value,)

    def _tell(self, place: Place, message: str, *, hint: str = "") -> None:
        self.problems.append(self.text.problem(place, message, hint=hint))

    def _stop(self, place: Place, message: str, *, hint: str = "") -> NoReturn:
        raise DocumentError([*self.problems, self.text.problem(place, message, hint=hint)])
