"""The outer archive of a .deb: its members found strictly, its headers written.

Only fields that Debian's format needs are used. Names are compared and never become paths.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO, Final

MAGIC: Final = b"!<arch>\n"
HEADER_BYTES: Final = 60
HEADER_END: Final = b"`\n"
MOST_MEMBERS: Final = 32
LARGEST_MEMBER: Final = 10**10 - 1
HEADER: Final = re.compile(
    rb"(?P<name>[!-~][ -~]{15})[0-9 ]{12}[0-9 ]{6}[0-9 ]{6}[0-7 ]{8}(?P<size>[0-9]{1,10}) *`\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member: where its data begin in the file and how many bytes they are."""

    name: str
    offset: int
    size: int


def header(name: str, size: int, mtime: int) -> bytes:
    """Give the 60 bytes before a member that root owns with mode 0644."""
    if size > LARGEST_MEMBER:
        raise ValueError(f"{size} bytes do not fit a member of an ar archive")
    return f"{name:<16}{mtime:<12}{0:<6}{0:<6}{'100644':<8}{size:<10}".encode() + HEADER_END


def padding(size: int) -> bytes:
    """Give what follows a member of `size` bytes."""
    return b"\n" * (size % 2)


def members(stream: IO[bytes], length: int) -> list[Member]:
    """Find the members of an archive of `length` bytes; raises ValueError on the first oddity."""
    if stream.read(len(MAGIC)) != MAGIC:
        raise ValueError("it is not an ar archive")
    found: list[Member] = []
    position = len(MAGIC)
    while position < length:
        stream.seek(position)
        member = _member(stream.read(HEADER_BYTES), position)
        position = member.offset + member.size
        if position > length:
            raise ValueError(f"member {member.name!r} is cut off")
        position += position % 2
        found.append(member)
        if len(found) > MOST_MEMBERS:
            raise ValueError(f"it has more than {MOST_MEMBERS} members")
    return found


def _member(raw: bytes, position: int) -> Member:
    match = HEADER.fullmatch(raw)
    if not match:
        raise ValueError(f"byte {position} begins no member of an ar archive")
    name = match["name"].decode("ascii").rstrip().removesuffix("/")
    return Member(name=name, offset=position + HEADER_BYTES, size=int(match["size"]))
