"""passwd, shadow, subuid and subgid. Passwords are dropped from no line: none of a build is a secret."""

from __future__ import annotations

from typing import Final

from modpkg.rootfs.state.accounts import User, undated
from modpkg.rootfs.state.records import SHADOW_GROUP, Database


def first_field(line: str) -> str:
    """Give the name that a line is about."""
    return line.partition(":")[0]


def _uid(line: str) -> int:
    return User.parse(line).uid


def _uid_words(line: str) -> str:
    return f"id {_uid(line)}"


def _range(line: str) -> tuple[int, str]:
    _, _, numbers = line.partition(":")
    start, _, _ = numbers.partition(":")
    return int(start), line


PASSWD: Final = Database(pattern="etc/passwd", what="user", key=first_field, order=_uid, identity=_uid_words)
SHADOW: Final = Database(
    pattern="etc/shadow",
    what="password of user",
    key=first_field,
    clean=undated,
    mode=0o640,
    gid=SHADOW_GROUP,
)
SUBUID: Final = Database(pattern="etc/subuid", what="subordinate ids of", key=first_field, order=_range)
SUBGID: Final = Database(pattern="etc/subgid", what="subordinate ids of", key=first_field, order=_range)
