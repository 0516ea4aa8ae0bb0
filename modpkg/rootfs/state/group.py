"""group and gshadow: sets of records like passwd, but a module may add members to a group of a lower one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.rootfs.state.accounts import Group, GroupShadow
from modpkg.rootfs.state.passwd import first_field
from modpkg.rootfs.state.records import SHADOW_GROUP, Database

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Members = Mapping[str, tuple[str, ...]]


def _clean_group(line: str) -> str:
    return str(Group.parse(line))


def _clean_shadow(line: str) -> str:
    return str(GroupShadow.parse(line))


def _gid(line: str) -> int:
    return Group.parse(line).gid


def _gid_words(line: str) -> str:
    return f"id {_gid(line)}"


GROUP: Final = Database(
    pattern="etc/group",
    what="group",
    key=first_field,
    order=_gid,
    identity=_gid_words,
    clean=_clean_group,
)
GSHADOW: Final = Database(
    pattern="etc/gshadow",
    what="password of group",
    key=first_field,
    clean=_clean_shadow,
    mode=0o640,
    gid=SHADOW_GROUP,
)
DATABASES_OF_GROUPS: Final = (GROUP.pattern, GSHADOW.pattern)


def _parse(path: str, line: str) -> Group | GroupShadow:
    return Group.parse(line) if path == GROUP.pattern else GroupShadow.parse(line)


def with_members(path: str, records: Sequence[str], members: Members) -> tuple[str, ...]:
    """Give group lines with more members; a group that is not there is left alone."""
    lines = []
    for record in records:
        group = _parse(path, record)
        more = members.get(group.name, ())
        lines.append(str(group.with_members((*group.members, *more))))
    return tuple(lines)


def split_members(
    path: str, records: Sequence[str], base: Sequence[str]
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Take out of group lines the members that the base does not know, for groups that it knows."""
    known = {group.name: set(group.members) for group in (_parse(path, line) for line in base)}
    lines, members = [], {}
    for record in records:
        group = _parse(path, record)
        if group.name in known:
            more = tuple(sorted(set(group.members) - known[group.name]))
            if more:
                members[group.name] = more
            group = group.with_members(tuple(set(group.members) & known[group.name]))
        lines.append(str(group))
    return tuple(lines), members
