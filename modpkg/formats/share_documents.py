"""The documents of a share, loaded and checked whole: `files.yaml` and what it includes, Qlustar's destinations.

Whatever a node would find wrong with them is told here, before a node reads them: sources that are not there, one
path for two things, groups that nobody named.
"""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError, DocumentError, Problem
from modpkg.formats.destinations import parse_destinations, parse_softgroups
from modpkg.formats.documents import examine
from modpkg.formats.drafts import is_gapped, numbered, said_of, unknown_list
from modpkg.formats.problems import way_text
from modpkg.formats.text import Text, read_text
from modpkg.formats.words import closest
from modpkg.model.files import FileEntry, FilesDocument, FilesPlan
from modpkg.model.hostlist import expand
from modpkg.model.places import closed_place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from modpkg.formats.yaml import Keys, Parsed

DOCUMENT: Final = "files.yaml"
FOLDER: Final = "image-files"
DESTINATIONS: Final = f"{FOLDER}/destinations"
SOFTGROUPS: Final = f"{FOLDER}/softgroups"
# What editors and package managers leave beside a file is no document.
LEFT_BEHIND: Final = ("~", ".bak", ".old", ".orig", ".rej", ".save", ".swp", ".tmp", "dpkg-old", "dpkg-dist")
MOST_NESTED: Final = 40
Told = tuple[FileEntry, "Callable[[str, str], Problem]"]


@dataclass(slots=True)
class _Share:
    root: Path
    sources: dict[str, str] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    entries: list[Told] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    # Whether all groups are known by name: of faulty documents they may not be.
    has_all_groups: bool = True


def load_share(root: Path) -> FilesPlan:
    """Load all documents below `root`; raises DocumentError with all faults of all. No document: an empty plan."""
    try:
        if not root.is_dir():
            raise BadInputError(
                "cannot find the share", where=str(root), hint="name the directory of the share"
            )
        next(root.iterdir(), None)
    except OSError as error:
        raise BadInputError(f"cannot read the share: {error.strerror}", where=str(root)) from error
    share = _Share(root)
    if (root / SOFTGROUPS).exists():
        _softgroups(share)
    if (root / DOCUMENT).exists():
        _document(share, DOCUMENT)
    if (root / DESTINATIONS).exists():
        _destinations(share, DESTINATIONS, only=())
    _of_groups(share)
    if (root / "files.yml").exists():
        hint = "rename it: documents end in .yaml"
        share.problems.append(
            Problem(file=str(root / "files.yml"), message="the file would be ignored", hint=hint)
        )
    _check(share)
    if share.problems:
        raise DocumentError(share.problems)
    # An entry for some nodes comes after one for all: it is the one that counts there.
    entries = sorted((entry for entry, _ in share.entries), key=lambda entry: bool(entry.only))
    return FilesPlan(sources=share.sources, groups=share.groups, entries=tuple(entries))


def _read(share: _Share, name: str) -> Text | None:
    path = share.root / name
    try:
        text = read_text(path)
    except DocumentError as error:
        share.problems += error.problems
        share.has_all_groups = False
        return None
    share.sources[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return Text.of(text, file=str(path))


def _document(share: _Share, name: str) -> None:
    if _read(share, name) is None:
        return
    loaded = examine(share.root / name, FilesDocument)
    share.problems += loaded.problems
    document, parsed = loaded.draft, loaded.parsed
    if document is None or parsed is None:
        share.has_all_groups = False
        return
    _groups(share, document, parsed)
    include = said_of(document, "include", None)
    if include is None or is_gapped(include):
        # What else is included may name groups.
        share.has_all_groups = False
    share.open.append(name)
    for index, other in numbered(() if include is None else include):
        inner = f"{name.rpartition('/')[0]}/{other}".lstrip("/")
        _include(share, inner, _teller(parsed, ("include", index)), _document)
    share.open.pop()
    _entries(share, name, document, parsed)


def _groups(share: _Share, document: FilesDocument, parsed: Parsed) -> None:
    groups = said_of(document, "groups", None)
    if groups is None or len(groups) < len(parsed.value.get("groups", ())):
        share.has_all_groups = False
    for group in groups or ():
        if group in share.groups:
            message = f"groups.{group}: the group is in another document already"
            share.problems.append(parsed.problem(("groups", group), message, hint="remove one", key=True))
        share.groups[group] = ()
    for group, hosts in (groups or {}).items():
        share.groups[group] = expand(hosts)


def _include(
    share: _Share,
    name: str,
    tell: Callable[[str, str], Problem],
    load: Callable[[_Share, str], None],
) -> None:
    if name in share.open:
        share.problems.append(tell(f"{name!r} includes itself", f"by {' -> '.join([*share.open, name])}"))
    elif name in share.sources:
        share.problems.append(tell(f"{name!r} is included already", "once is enough"))
    elif len(share.open) >= MOST_NESTED:
        share.problems.append(
            tell(f"documents include each other {MOST_NESTED} deep", "include it further up")
        )
        share.has_all_groups = False
    elif not (share.root / name).is_file():
        share.problems.append(tell(f"there is no {name!r} in the share", ""))
        share.has_all_groups = False
    else:
        load(share, name)


def _entries(share: _Share, name: str, document: FilesDocument, parsed: Parsed) -> None:
    for table, kind in (("directories", "directory"), ("copies", "copy"), ("links", "link")):
        for index, said in numbered(said_of(document, table, ())):
            way: Keys = (table, index)
            values = {key: value for key, value in vars(said).items() if value is not None}
            origin = f"{name}:{parsed.values[way][0]}"
            # What is faulty is told already: a path is none for the rules then.
            unknown = {"path": "", "only": unknown_list()}
            entry = FileEntry(kind=kind, origin=origin, **{**unknown, **values})  # type: ignore[arg-type]
            share.entries.append((entry, _teller(parsed, way)))


def _teller(parsed: Parsed, way: Keys) -> Callable[[str, str], Problem]:
    return lambda message, hint: parsed.problem(way, f"{way_text(way)}: {message}", hint=hint)


def _softgroups(share: _Share) -> None:
    text = _read(share, SOFTGROUPS)
    if text is not None:
        groups, problems = parse_softgroups(text)
        share.problems += problems
        share.has_all_groups &= not problems
        share.groups |= {name: nodes for name, (_, nodes) in groups.items()}


def _of_groups(share: _Share) -> None:
    # destinations.<group>, for the nodes of that group alone.
    for path in (
        sorted((share.root / FOLDER).glob("destinations.*")) if (share.root / FOLDER).is_dir() else ()
    ):
        group = path.name.partition(".")[2]
        name = f"{FOLDER}/{path.name}"
        if path.name.endswith(LEFT_BEHIND) or name in share.sources:
            continue
        if group not in share.groups and share.has_all_groups:
            message = f"there is no group {group!r}"
            hint = closest(group, share.groups) or f"name its nodes in {SOFTGROUPS}"
            share.problems.append(Problem(file=str(path), message=message, hint=hint))
            # Not told once more for each of its lines.
            share.groups[group] = ()
        _destinations(share, name, only=(group,))


def _destinations(share: _Share, name: str, *, only: tuple[str, ...]) -> None:
    text = _read(share, name)
    if text is None:
        return
    said = parse_destinations(text, name=name, only=only)
    share.problems += said.problems
    for place, entry in said.entries:
        share.entries.append((entry, _teller_of_line(text, place)))
    share.open.append(name)
    for place, other in said.includes:

        def load(inner: _Share, file: str) -> None:
            _destinations(inner, file, only=only)

        _include(share, f"{FOLDER}/{other}", _teller_of_line(text, place), load)
    share.open.pop()


def _teller_of_line(text: Text, place: tuple[int, int]) -> Callable[[str, str], Problem]:
    return lambda message, hint: text.problem(place, message, hint=hint)


def _check(share: _Share) -> None:
    seen: dict[str, list[FileEntry]] = {}
    for entry, tell in share.entries:
        if share.has_all_groups:
            share.problems += [
                tell(f"there is no group {name!r}", closest(name, share.groups) or "name its nodes in groups")
                for name in entry.only
                if name not in share.groups
            ]
        if inside := closed_place(entry.path):
            share.problems.append(tell(f"{entry.path} is below {inside}, which no document may change", ""))
        if entry.source:
            _check_source(share, entry.source, tell)
        if entry.path and not entry.origin.startswith(FOLDER):
            # Qlustar's files say with intent that a later line counts; in ours it is a mistake.
            _check_twice(share, entry, seen.setdefault(entry.path, []), tell)


def _check_twice(
    share: _Share, entry: FileEntry, others: list[FileEntry], tell: Callable[[str, str], Problem]
) -> None:
    for other in others:
        # Whom one is for that names groups which are faulty, nobody knows.
        who = None if is_gapped(entry.only) or is_gapped(other.only) else _meant_by_both(share, entry, other)
        if who is not None:
            share.problems.append(tell(f"{entry.path} is in {other.origin} already{who}", "remove one"))
            break
    others.append(entry)


def _meant_by_both(share: _Share, entry: FileEntry, other: FileEntry) -> str | None:
    # Of an entry for all and one for some the second counts where it is meant.
    if bool(entry.only) != bool(other.only):
        return None
    mine, theirs = (
        {node for name in one.only for node in share.groups.get(name, ())} for one in (entry, other)
    )
    if not entry.only:
        return ""
    return f" for {min(mine & theirs)!r}" if mine & theirs else None


def _check_source(share: _Share, source: str, tell: Callable[[str, str], Problem]) -> None:
    path = share.root / source
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        share.problems.append(tell(f"there is no {source!r} in the share", ""))
        return
    except OSError as error:
        share.problems.append(tell(f"cannot read {source!r}: {error.strerror}", ""))
        return
    if not stat.S_ISREG(mode):
        share.problems.append(tell(f"{source!r} is not a file", "name each file that is to be copied"))
    elif not path.resolve().is_relative_to(share.root.resolve()):
        hint = "nodes see the share alone: put the file there"
        share.problems.append(tell(f"{source!r} is a link that leads out of the share", hint))
