"""Qlustar's own documents of files for nodes, read as they are: `destinations` and `softgroups`.

The form is that of Qlustar's manual: a line is a directory (one word), a copy (file, directory, owner, mode) or a
link (the path that it leads to, its own path); `#include FILE` reads another file. Opens no file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.model.files import FileEntry
from modpkg.model.hostlist import expand
from modpkg.model.patterns import ACCOUNT_PATTERN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from modpkg.errors import Problem
    from modpkg.formats.text import Place, Text

INCLUDE: Final = re.compile(r"#include\s+(\S+)\s*")
WORD: Final = re.compile(r"\S+")
MODE: Final = re.compile(r"0?[0-7]{3,4}")
OWNER: Final = re.compile(r"([A-Za-z0-9_.-]+)(?::([A-Za-z0-9_.-]+))?")
ACCOUNT: Final = re.compile(rf"{ACCOUNT_PATTERN}|^[0-9]+$")
GROUP: Final = re.compile(r"\s*([A-Za-z0-9_-]+)\s*[:\s]\s*(\S.*)")
SEPARATOR: Final = re.compile(r"\s*,\s*|\s+")
FORMS: Final = "a line is DIRECTORY, FILE DIRECTORY OWNER:GROUP MODE, or /PATH /LINK"
Told = tuple[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Destinations:
    """What one file says: its entries and includes with their places, and its problems."""

    entries: tuple[tuple[Place, FileEntry], ...]
    includes: tuple[tuple[Place, str], ...]
    problems: tuple[Problem, ...]


def parse_destinations(text: Text, *, name: str, only: tuple[str, ...]) -> Destinations:
    """Read a file of destinations called `name` in the share, whose entries are for the groups `only`."""
    entries: list[tuple[Place, FileEntry]] = []
    includes: list[tuple[Place, str]] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.lines, start=1):
        include = INCLUDE.fullmatch(line)
        if include:
            includes.append(((number, include.start(1) + 1), include[1]))
            continue
        words = [(match.start() + 1, match[0]) for match in WORD.finditer(line)]
        if not words or words[0][1].startswith("#"):
            continue

        def tell(column: int, message: str, hint: str = "", number: int = number) -> None:
            problems.append(text.problem((number, column), message, hint=hint))

        entry = _entry(words, f"{name}:{number}", only, tell)
        if entry:
            entries.append(((number, words[0][0]), entry))
    return Destinations(entries=tuple(entries), includes=tuple(includes), problems=tuple(problems))


def _entry(
    words: list[Told], origin: str, only: tuple[str, ...], tell: Callable[[int, str, str], None]
) -> FileEntry | None:
    column, first = words[0]
    match words:
        case [_]:
            if _is_path(words[0], tell, "of the node"):
                return FileEntry(kind="directory", path=first, origin=origin, only=only)
        case [_, second]:
            if all([_is_path(words[0], tell, "that a link leads to"), _is_path(second, tell, "of a link")]):
                return FileEntry(kind="link", path=second[1], target=first, origin=origin, only=only)
        case [_, folder, owner, mode]:
            return _copy((words[0], folder, owner, mode), origin, only, tell)
        case _:
            tell(column, f"a line of {len(words)} words says nothing", FORMS)
    return None


def _copy(
    words: tuple[Told, Told, Told, Told],
    origin: str,
    only: tuple[str, ...],
    tell: Callable[[int, str, str], None],
) -> FileEntry | None:
    (at_source, source), folder, (at_owner, owner), (at_mode, mode) = words
    is_sound = _is_path(folder, tell, "of a directory")
    if source.startswith("/") or {".", ".."} & set(source.split("/")):
        tell(at_source, f"{source!r} is not a file below image-files", "write its path from there")
        is_sound = False
    accounts = OWNER.fullmatch(owner)
    if not accounts or not all(ACCOUNT.match(name) for name in accounts.groups() if name):
        tell(at_owner, f"{owner!r} is not an owner", "write owner:group, such as root:root")
        is_sound = False
    if not MODE.fullmatch(mode):
        tell(at_mode, f"{mode!r} is not a mode", "octal digits, such as 644 or 0600")
        is_sound = False
    if not is_sound or not accounts:
        return None
    return FileEntry(
        kind="copy",
        path=f"{folder[1].rstrip('/')}/{source.rpartition('/')[2]}",
        source=f"image-files/{source}",
        owner=accounts[1],
        group=accounts[2] or "root",
        mode=f"{int(mode, 8):04o}",
        origin=origin,
        only=only,
    )


def _is_path(word: Told, tell: Callable[[int, str, str], None], what: str) -> bool:
    column, path = word
    if not path.startswith("/") or {".", ".."} & set(path.split("/")) or not path.strip("/"):
        tell(column, f"{path!r} is not an absolute path {what}", "a path starts with / and has no . or ..")
        return False
    return True


def parse_softgroups(text: Text) -> tuple[Mapping[str, tuple[Place, tuple[str, ...]]], list[Problem]]:
    """Read `softgroups`: the nodes of each group with its place, and the problems."""
    groups: dict[str, tuple[Place, tuple[str, ...]]] = {}
    problems: list[Problem] = []
    for number, line in enumerate(text.lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        place = (number, len(line) - len(line.lstrip()) + 1)
        found = GROUP.fullmatch(line)
        if not found:
            problems.append(text.problem(place, "this is no group", hint="write NAME: HOSTLIST"))
        elif found[1] in groups:
            hint = f"it is first in line {groups[found[1]][0][0]}; remove one"
            problems.append(text.problem(place, f"the group {found[1]!r} is there twice", hint=hint))
        else:
            try:
                groups[found[1]] = (place, expand(SEPARATOR.sub(",", found[2].strip())))
            except ValueError as error:
                problems.append(text.problem((number, found.start(2) + 1), str(error)))
    return groups, problems
