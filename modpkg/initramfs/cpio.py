"""Archives in cpio's "newc" format, as the kernel unpacks them into its first file system.

Equal members give equal bytes: members are sorted, times and owners are 0, inode numbers count from 1.
Nothing here reads the machine's files.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

MAGIC: Final = b"070701"
TRAILER: Final = "TRAILER!!!"
HEADER_BYTES: Final = 110  # the magic and thirteen numbers of eight digits
ALIGNMENT: Final = 4
ARCHIVE_ALIGNMENT: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One path of an archive, without a leading slash.

    `mode` holds type and permissions; `data` is a file's content or a symlink's target; `device` is the
    number pair of a device node.
    """

    path: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def directory(path: str, *, mode: int = 0o755) -> Member:
    """Give a directory."""
    return Member(path=path, mode=stat.S_IFDIR | mode)


def file(path: str, data: bytes, *, mode: int = 0o644) -> Member:
    """Give a regular file."""
    return Member(path=path, mode=stat.S_IFREG | mode, data=data)


def symlink(path: str, target: str) -> Member:
    """Give a symbolic link."""
    return Member(path=path, mode=stat.S_IFLNK | 0o777, data=target.encode())


def character_device(path: str, device: tuple[int, int], *, mode: int = 0o600) -> Member:
    """Give a character device node."""
    return Member(path=path, mode=stat.S_IFCHR | mode, device=device)


def with_parents(members: Iterable[Member]) -> list[Member]:
    """Add the directories that members lie in, unless they are members themselves."""
    known = {member.path: member for member in members}
    for path in list(known):
        for parent in PurePosixPath(path).parents:
            if parent != PurePosixPath():
                known.setdefault(str(parent), directory(str(parent)))
    return list(known.values())


def archive(members: Iterable[Member]) -> bytes:
    """Give the bytes of an archive. Raises ValueError if a path appears twice or is not below its root.

    The kernel unpacks archives that follow each other as one: each is padded to 512 bytes, so that
    `archive(a) + archive(b)` is such a file.
    """
    # Sorted by parts, not text, so that a directory always precedes what it holds.
    ordered = sorted(members, key=lambda member: PurePosixPath(member.path).parts)
    _check_paths([member.path for member in ordered])
    numbered = [*enumerate(ordered, start=1), (0, Member(path=TRAILER, mode=0))]
    # Joined once: one member is most of the archive.
    parts = [part for inode, member in numbered for part in _entry(member, inode)]
    parts.append(_padding(sum(map(len, parts)), ARCHIVE_ALIGNMENT))
    return b"".join(parts)


def path_at(content: bytes, offset: int) -> str:
    """Give the path of the member in which a byte of archives lies; "" in what is between or behind them."""
    start = 0
    while (begin := content.find(MAGIC, start)) >= 0 and begin <= offset:
        fields = content[begin + len(MAGIC) : begin + HEADER_BYTES]
        if len(fields) < HEADER_BYTES - len(MAGIC):
            break
        size, name_size = int(fields[48:56], 16), int(fields[88:96], 16)
        name_end = begin + HEADER_BYTES + name_size
        start = _aligned(_aligned(name_end) + size)
        if offset < start:
            name = content[begin + HEADER_BYTES : name_end - 1].decode(errors="backslashreplace")
            return "" if name == TRAILER else name
    return ""


def _aligned(offset: int) -> int:
    return offset + -offset % ALIGNMENT


def _check_paths(paths: list[str]) -> None:
    for path in paths:
        pure = PurePosixPath(path)
        if path != str(pure) or pure.is_absolute() or ".." in pure.parts or path in {".", TRAILER}:
            raise ValueError(f"not a path of an archive: {path!r}")
    if len(set(paths)) != len(paths):
        raise ValueError(f"a path appears twice among {len(paths)} members")


def _entry(member: Member, inode: int) -> tuple[bytes, ...]:
    name = member.path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(member.mode) else 1
    owner = group = mtime = file_major = file_minor = checksum = 0
    major, minor = member.device
    # The order of the fields is the format's own.
    fields = (inode, member.mode, owner, group, links, mtime, len(member.data))
    devices = (file_major, file_minor, major, minor, len(name), checksum)
    header = MAGIC + b"".join(b"%08X" % number for number in (*fields, *devices)) + name
    data = member.data
    return header, _padding(len(header), ALIGNMENT), data, _padding(len(data), ALIGNMENT)


def _padding(size: int, alignment: int) -> bytes:
    return b"\0" * (-size % alignment)
