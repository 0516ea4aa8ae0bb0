"""Databases that are sets of records, a record being one or more lines, each with a key of its own.

Taking gives the records that the tree has and the modules below have not; merging gives the union. A record
that is there twice with different text is a conflict.
"""

from __future__ import annotations

import stat
from collections import defaultdict
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from modpkg.errors import ModpkgError
from modpkg.rootfs.state.conflict import Conflict, disagreement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

SHADOW_GROUP: Final = 42
Shares = list[tuple[str, tuple[str, ...]]]


def itself(record: str) -> str:
    """Be the key of a record that has no other."""
    return record


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """How a database is read, compared, sorted and written. `pattern` is a path or a glob in one directory.

    `identity` is a second thing that must be unique, such as a uid. `height` is the lines of a record.
    """

    pattern: str
    what: str
    key: Callable[[str], str] = itself
    order: Callable[[str], Any] = itself
    identity: Callable[[str], str] | None = None
    clean: Callable[[str], str] = itself
    height: int = 1
    mode: int = 0o644
    gid: int = 0

    def owns(self, path: str) -> bool:
        """Tell whether a path is this database."""
        return fnmatchcase(path, self.pattern)

    def parse(self, text: str) -> tuple[str, ...]:
        """Split a file into its records, cleaned, sorted."""
        lines = [line for line in text.split("\n") if line]
        records = ("\n".join(lines[at : at + self.height]) for at in range(0, len(lines), self.height))
        return self.sort({self.clean(record) for record in records})

    def sort(self, records: set[str]) -> tuple[str, ...]:
        """Give records in the order of the file."""
        return tuple(sorted(records, key=lambda record: (self.order(record), record)))


def text_of(records: Sequence[str]) -> str:
    """Join records to a file."""
    return "".join(f"{record}\n" for record in records)


def paths_in(tree: Path, pattern: str) -> Iterator[str]:
    """Give the paths of a tree that a pattern matches, sorted; symlinks on the way are an end."""
    folder, _, _ = pattern.rpartition("/")
    directory = tree
    for part in folder.split("/"):
        directory /= part
        if directory.is_symlink() or not directory.is_dir():
            return
    names = sorted(entry.name for entry in directory.iterdir())
    yield from (path for name in names if fnmatchcase(path := f"{folder}/{name}", pattern))


def read_text(tree: Path, path: str) -> str:
    """Read a database; raises ModpkgError if it is no regular file, as when a build removed it."""
    file = tree / path
    if not stat.S_ISREG(file.lstat().st_mode):
        raise ModpkgError(f"cannot take the state of a build that removes or replaces /{path}")
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ModpkgError(f"cannot take the state of /{path}: it is not UTF-8") from error


def added(
    database: Database, path: str, records: Sequence[str], *, base: Sequence[str], below: str, here: str
) -> tuple[tuple[str, ...], tuple[Conflict, ...]]:
    """Give the records that are not in the base; a base record that is gone or other is a conflict."""
    old = {database.key(record): record for record in base}
    new = {database.key(record): record for record in records}
    conflicts = [
        conflict
        for key, record in old.items()
        for conflict in disagreement(path, f"{database.what} {key}", [(below, record), (here, new.get(key))])
    ]
    return tuple(record for record in records if database.key(record) not in old), tuple(conflicts)


def merged(database: Database, path: str, shares: Shares) -> tuple[tuple[str, ...], tuple[Conflict, ...]]:
    """Give the union of the modules' records, and what they disagree about."""
    conflicts = [
        conflict
        for key, having in _groups(shares, database.key).items()
        for conflict in disagreement(path, f"{database.what} {key}", having)
    ]
    if database.identity:
        # Records of one name are compared above; here a number is given to two names.
        shared = _groups(shares, database.identity)
        conflicts += [
            conflict
            for identity, having in shared.items()
            if len({database.key(record) for _, record in having}) > 1
            for conflict in disagreement(path, f"{database.what} {identity}", having)
        ]
    return database.sort({record for _, records in shares for record in records}), tuple(conflicts)


def _groups(shares: Shares, by: Callable[[str], str]) -> dict[str, list[tuple[str, str]]]:
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for module, records in shares:
        for record in records:
            groups[by(record)].append((module, record))
    return groups


def shares_of(path: str, states: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Shares:
    """Give what each module adds to one path, by the name of the module."""
    return [(module, lines[path]) for module, lines in sorted(states.items()) if path in lines]
