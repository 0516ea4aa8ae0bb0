"""Gives new accounts the fixed ids of the platform's table, in the account files and on every file.

Package scripts take the next free id, which differs from module to module (103 was munge, _rpc and hacluster).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.errors import DocumentError, Problem
from modpkg.model.platform import NOBODY
from modpkg.rootfs.inventory import walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modpkg.model.platform import Accounts

FIRST_DYNAMIC: Final = 100
KINDS: Final = {"users": "etc/passwd", "groups": "etc/group"}


@dataclass(frozen=True, slots=True)
class _Move:
    """Old to new ids, for users or for groups."""

    ids: Mapping[int, int]

    def __call__(self, number: int) -> int:
        return self.ids.get(number, number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Which accounts a module may make (`declared`, by its recipe) and their ids (by the platform)."""

    recipe_path: str
    declared: tuple[str, ...]
    platform_path: str
    accounts: Accounts


def renumber(upper: Path, *, below: Path | None, registry: Registry) -> None:
    """Move the accounts that `upper` adds to those in the directory `below` to their fixed ids.

    Raises DocumentError with the lines to add for all accounts that recipe or platform do not have.
    """
    tables = {"users": registry.accounts.users, "groups": registry.accounts.groups}
    new = {kind: _added(upper / path, below / path if below else None) for kind, path in KINDS.items()}
    pairs = [(kind, name) for kind, names in new.items() for name in names]
    problems = [
        *_undeclared(sorted({name for _, name in pairs if name not in registry.declared}), registry),
        *_unnumbered([(kind, name) for kind, name in pairs if name not in tables[kind]], tables, registry),
    ]
    if problems:
        raise DocumentError(problems)
    users, groups = (
        _Move({number: tables[kind][name] for name, number in new[kind].items()}) for kind in KINDS
    )
    _rewrite(upper / KINDS["users"], {2: users, 3: groups})
    _rewrite(upper / KINDS["groups"], {2: groups})
    seen: set[tuple[int, int]] = set()
    for entry in walk(upper):
        # The second name of a hard link would move the file once more.
        info = entry.stat(follow_symlinks=False)
        if (info.st_dev, info.st_ino) not in seen:
            seen.add((info.st_dev, info.st_ino))
            _chown(entry, users, groups)


def _added(path: Path, below: Path | None) -> dict[str, int]:
    known = _ids(below) if below else {}
    found = _ids(path).items()
    return {n: i for n, i in found if n not in known and FIRST_DYNAMIC <= i < NOBODY}


def _ids(path: Path) -> dict[str, int]:
    if not path.exists():
        return {}
    rows = [line.split(":") for line in path.read_text(encoding="utf-8").splitlines() if line]
    return {row[0]: int(row[2]) for row in rows}


def _undeclared(names: list[str], registry: Registry) -> list[Problem]:
    return [
        Problem(
            file=registry.recipe_path,
            message=f"package scripts make the account {name!r}, which the recipe does not name",
            hint=f"write: accounts: [{', '.join(sorted({*registry.declared, *names}))}]",
        )
        for name in names
    ]


def _unnumbered(
    missing: list[tuple[str, str]], tables: dict[str, dict[str, int]], registry: Registry
) -> list[Problem]:
    # One free id a name: a user and its group get the same, as long as nobody else has it.
    free = registry.accounts.free_ids()
    others = {"users": "groups", "groups": "users"}
    ids: dict[str, int] = {}
    for kind, name in missing:
        known = tables[others[kind]].get(name)
        if name not in ids:
            ids[name] = known if known and known not in tables[kind].values() else next(free)
    return [
        Problem(
            file=registry.platform_path,
            message=f"the account {name!r} has no fixed id in accounts.{kind}",
            hint=f"add the line: accounts: {kind}: {name}: {ids[name]}",
        )
        for kind, name in missing
    ]


def _rewrite(path: Path, fields: Mapping[int, _Move]) -> None:
    if not path.exists():
        return
    rows = [line.split(":") for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        for index, move in fields.items():
            row[index] = str(move(int(row[index])))
    path.write_text("".join(":".join(row) + "\n" for row in rows), encoding="utf-8")


def _chown(entry: os.DirEntry[str], users: _Move, groups: _Move) -> None:
    info = entry.stat(follow_symlinks=False)
    owner, group = users(info.st_uid), groups(info.st_gid)
    if (owner, group) == (info.st_uid, info.st_gid):
        return
    capability = "security.capability"
    has = capability in os.listxattr(entry.path, follow_symlinks=False)
    value = os.getxattr(entry.path, capability, follow_symlinks=False) if has else b""
    os.chown(entry.path, owner, group, follow_symlinks=False)
    # chown clears setuid, setgid and capabilities of files (chown(2)).
    if not entry.is_symlink():
        Path(entry.path).chmod(info.st_mode & 0o7777)
    if has:
        os.setxattr(entry.path, capability, value, follow_symlinks=False)
