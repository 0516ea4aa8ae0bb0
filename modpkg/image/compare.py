"""Compares two unpacked trees, path by path, down to the first byte that differs. Runs as (mapped) root.

Nothing is written, no link is followed. Which module a path belongs to is not known here.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final, Literal
from urllib.parse import quote

from modpkg.model.document import Record
from modpkg.rootfs.inventory import KINDS, describe, walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What of a path differs. "order" is the rest: equal paths, but the bytes around them lie otherwise.
Kind = Literal[
    "content",
    "mode",
    "owner",
    "time",
    "xattr",
    "target",
    "device",
    "type",
    "links",
    "missing",
    "extra",
    "order",
]
CHUNK_BYTES: Final = 1 << 20
SHOWN_BYTES: Final = 8
NOTHING: Final = "-"


class PathDifference(Record):
    """One thing that differs at one path, without a leading slash.

    `expected` and `found` say it in words; `offset` is that of the first byte that differs, for content.
    `line` is what lies at the path where it is as it should be, as module.json has it; "" for an extra path.
    """

    path: str
    kind: Kind
    expected: str
    found: str
    offset: int | None = None
    line: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    place: str
    info: os.stat_result
    group: str  # the first name of the same inode

    @property
    def kind(self) -> str:
        return KINDS[stat.S_IFMT(self.info.st_mode)]

    @property
    def words(self) -> str:
        return describe(self.place, self.info)


def compare_trees(expected: Path, found: Path) -> tuple[PathDifference, ...]:
    """Give all that differs between a tree as it should be and one that was found, sorted by path."""
    ours, theirs = _entries(expected), _entries(found)
    differences: list[PathDifference] = []
    for path in sorted({*ours, *theirs}):
        mine, other = ours.get(path), theirs.get(path)
        if mine is None and other is not None:
            differences.append(PathDifference(path=path, kind="extra", expected=NOTHING, found=other.words))
        elif mine is not None and other is None:
            words = mine.words
            differences.append(
                PathDifference(path=path, kind="missing", expected=words, found=NOTHING, line=words)
            )
        elif mine is not None and other is not None:
            differences += _differences(path, mine, other)
    return tuple(differences)


def first_difference(one: Path, other: Path) -> int | None:
    """Give the offset of the first byte in which two files differ; None where they are equal."""
    with one.open("rb") as left, other.open("rb") as right:
        return _first_difference(left, right)


def _first_difference(left: IO[bytes], right: IO[bytes]) -> int | None:
    offset = 0
    while True:
        mine, other = left.read(CHUNK_BYTES), right.read(CHUNK_BYTES)
        if mine != other:
            pairs = zip(mine, other, strict=False)
            shorter = min(len(mine), len(other))
            return offset + next((at for at, (a, b) in enumerate(pairs) if a != b), shorter)
        if not mine:
            return None
        offset += len(mine)


def _entries(tree: Path) -> dict[str, _Entry]:
    start = len(str(tree)) + 1
    first: dict[tuple[int, int], str] = {}
    found = {"": _Entry(str(tree), tree.lstat(), "")}
    for entry in walk(tree):
        # Shown, stored as JSON, and compared: a name that is not UTF-8 is spelled out.
        path = os.fsencode(entry.path[start:]).decode(errors="backslashreplace")
        info = entry.stat(follow_symlinks=False)
        is_alone = info.st_nlink == 1 or stat.S_ISDIR(info.st_mode)
        group = path if is_alone else first.setdefault((info.st_dev, info.st_ino), path)
        found[path] = _Entry(entry.path, info, group)
    return found


def _differences(path: str, mine: _Entry, other: _Entry) -> Iterator[PathDifference]:
    facts = list(_facts(mine, other))
    if not facts:
        return
    line = mine.words
    for kind, expected, found, offset in facts:
        yield PathDifference(path=path, kind=kind, expected=expected, found=found, offset=offset, line=line)


def _facts(mine: _Entry, other: _Entry) -> Iterator[tuple[Kind, str, str, int | None]]:
    if mine.kind != other.kind:
        yield "type", mine.kind, other.kind, None
        return
    yield from _body(mine, other)
    pairs: dict[Kind, tuple[str, str]] = {
        "mode": (_mode(mine), _mode(other)),
        "owner": (_owner(mine), _owner(other)),
        "time": (_time(mine), _time(other)),
        "xattr": (_attributes(mine.place), _attributes(other.place)),
        "links": (mine.group, other.group),
    }
    for kind, (expected, found) in pairs.items():
        if expected != found:
            yield kind, expected or NOTHING, found or NOTHING, None


def _body(mine: _Entry, other: _Entry) -> Iterator[tuple[Kind, str, str, int | None]]:
    if mine.kind == "file":
        with open(mine.place, "rb") as left, open(other.place, "rb") as right:  # noqa: PTH123 - names as walk gives them
            offset = _first_difference(left, right)
        if offset is not None:
            yield "content", _bytes_at(mine, offset), _bytes_at(other, offset), offset
    elif mine.kind == "symlink":
        expected, found = (os.readlink(os.fsencode(one.place)) for one in (mine, other))  # noqa: PTH115 - as bytes
        if expected != found:
            yield "target", quote(expected), quote(found), None
    elif mine.info.st_rdev != other.info.st_rdev:
        yield "device", _device(mine), _device(other), None


def _bytes_at(entry: _Entry, offset: int) -> str:
    with open(entry.place, "rb") as stream:  # noqa: PTH123 - the name as walk gives it
        stream.seek(offset)
        there = stream.read(SHOWN_BYTES).hex() or "its end"
    return f"{there} of {entry.info.st_size} bytes"


def _mode(entry: _Entry) -> str:
    return f"{stat.S_IMODE(entry.info.st_mode):04o}"


def _owner(entry: _Entry) -> str:
    return f"{entry.info.st_uid}:{entry.info.st_gid}"


def _time(entry: _Entry) -> str:
    # A squashfs keeps whole seconds.
    return str(int(entry.info.st_mtime))


def _device(entry: _Entry) -> str:
    return f"{os.major(entry.info.st_rdev)}:{os.minor(entry.info.st_rdev)}"


def _attributes(place: str) -> str:
    names = sorted(os.listxattr(place, follow_symlinks=False))
    return " ".join(f"{quote(n)}={os.getxattr(place, n, follow_symlinks=False).hex()}" for n in names)
