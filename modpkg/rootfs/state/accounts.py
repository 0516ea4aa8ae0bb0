"""Lines of passwd, group, shadow and gshadow as values. Reads and writes text, never files."""

from __future__ import annotations

from dataclasses import dataclass, replace

from modpkg.errors import ModpkgError


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One line of passwd."""

    name: str
    password: str
    uid: int
    gid: int
    gecos: str
    home: str
    shell: str

    @classmethod
    def parse(cls, line: str) -> User:
        """Read a line; raises ModpkgError if it is none of passwd."""
        name, password, uid, gid, gecos, home, shell = _fields(line, 7, "passwd")
        return cls(
            name=name,
            password=password,
            uid=_number(uid, line),
            gid=_number(gid, line),
            gecos=gecos,
            home=home,
            shell=shell,
        )

    def __str__(self) -> str:
        return f"{self.name}:{self.password}:{self.uid}:{self.gid}:{self.gecos}:{self.home}:{self.shell}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One line of group; members are sorted, as their order says nothing."""

    name: str
    password: str
    gid: int
    members: tuple[str, ...] = ()

    @classmethod
    def parse(cls, line: str) -> Group:
        """Read a line; raises ModpkgError if it is none of group."""
        name, password, gid, members = _fields(line, 4, "group")
        return cls(name=name, password=password, gid=_number(gid, line), members=_names(members))

    def with_members(self, members: tuple[str, ...]) -> Group:
        """Give the same group with other members."""
        return replace(self, members=tuple(sorted(set(members))))

    def __str__(self) -> str:
        return f"{self.name}:{self.password}:{self.gid}:{','.join(self.members)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupShadow:
    """One line of gshadow."""

    name: str
    password: str
    administrators: tuple[str, ...] = ()
    members: tuple[str, ...] = ()

    @classmethod
    def parse(cls, line: str) -> GroupShadow:
        """Read a line; raises ModpkgError if it is none of gshadow."""
        name, password, administrators, members = _fields(line, 4, "gshadow")
        return cls(
            name=name, password=password, administrators=_names(administrators), members=_names(members)
        )

    def with_members(self, members: tuple[str, ...]) -> GroupShadow:
        """Give the same group with other members."""
        return replace(self, members=tuple(sorted(set(members))))

    def __str__(self) -> str:
        return f"{self.name}:{self.password}:{','.join(self.administrators)}:{','.join(self.members)}"


def undated(line: str) -> str:
    """Give a line of shadow without the day of its last change: that day is the day of the build.

    An empty day turns the ageing of passwords off; nobody's password of an image is ever old.
    """
    fields = _fields(line, 9, "shadow")
    return ":".join([*fields[:2], "", *fields[3:]])


def _fields(line: str, count: int, database: str) -> list[str]:
    fields = line.split(":")
    if len(fields) != count:
        raise ModpkgError(f"cannot read {line!r} as a line of {database}: it has not {count} fields")
    return fields


def _number(text: str, line: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ModpkgError(f"cannot read {line!r}: {text!r} is no id")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(sorted({name for name in text.split(",") if name}))
