"""Copies a tree with all that a file system says of it, and shares what did not change with an earlier copy.

A file of the copy is never one of the source: who changes the source in place changes no copy.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

# Linux: fs.h. Python 3.11 has no name for it.
FICLONE: Final = 0x40049409
CANNOT_CLONE: Final = {errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ENOSYS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """How many files a copy has, how many of them are the earlier copy's own, the bytes of the others."""

    files: int
    linked: int
    copied_bytes: int


def copy_tree(
    source: Path, target: Path, *, earlier: Path | None = None, emptied: Iterable[str] = ()
) -> Copied:
    """Copy the directory `source` to `target`, which is not there yet: owners, modes, times, attributes, links.

    A file that is in `earlier` with equal type, mode, owner, size, time and attributes becomes a hard link to it. Data
    are shared where the file system can (reflinks). Sockets are left out, and so is what is in the directories
    `emptied`, which are paths in `source`. Needs root if owners differ.
    """
    copier = _Copier(emptied=frozenset(source / name for name in emptied))
    copier.directory(source, target, earlier)
    return Copied(files=copier.files, linked=copier.linked, copied_bytes=copier.copied_bytes)


@dataclass(slots=True)
class _Copier:
    """Goes through one tree."""

    emptied: frozenset[Path]
    files: int = 0
    linked: int = 0
    copied_bytes: int = 0
    seen: dict[tuple[int, int], Path] = field(default_factory=dict)

    def directory(self, source: Path, target: Path, earlier: Path | None) -> None:
        target.mkdir(mode=0o700)
        # Where a link was before, the way through it would lead anywhere.
        if earlier and (earlier.is_symlink() or not earlier.is_dir()):
            earlier = None
        with os.scandir(source) as entries:
            found = [] if source in self.emptied else sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            old = earlier / entry.name if earlier else None
            if entry.is_dir(follow_symlinks=False):
                self.directory(Path(entry.path), target / entry.name, old)
            else:
                self._entry(Path(entry.path), target / entry.name, old)
        # Last: its time is that of what was made in it.
        _take_over(source, target, source.lstat())

    def _entry(self, source: Path, target: Path, earlier: Path | None) -> None:
        about = source.lstat()
        if stat.S_ISSOCK(about.st_mode):
            return
        self.files += 1
        identity = about.st_dev, about.st_ino
        if about.st_nlink > 1 and identity in self.seen:
            os.link(self.seen[identity], target, follow_symlinks=False)
            return
        self.seen[identity] = target
        if stat.S_ISLNK(about.st_mode):
            target.symlink_to(source.readlink())
        elif not stat.S_ISREG(about.st_mode):
            os.mknod(target, about.st_mode, about.st_rdev)
        elif earlier and _same(source, about, earlier):
            self.linked += 1
            os.link(earlier, target)
            return
        else:
            self.copied_bytes += about.st_size
            _copy_data(source, target)
        _take_over(source, target, about)


def _take_over(source: Path, target: Path, about: os.stat_result) -> None:
    # The owner first: a change of it takes away the setuid bit and capabilities.
    os.chown(target, about.st_uid, about.st_gid, follow_symlinks=False)
    shutil.copystat(source, target, follow_symlinks=False)


def _same(source: Path, about: os.stat_result, earlier: Path) -> bool:
    try:
        other = earlier.lstat()
    except FileNotFoundError:
        return False
    return _facts(about) == _facts(other) and _attributes(source) == _attributes(earlier)


def _facts(about: os.stat_result) -> tuple[int, ...]:
    return about.st_mode, about.st_uid, about.st_gid, about.st_size, about.st_mtime_ns


def _attributes(path: Path) -> dict[str, bytes]:
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


def _copy_data(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("xb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), FICLONE, reader.fileno())
        except OSError as error:
            if error.errno not in CANNOT_CLONE:
                raise
            shutil.copyfileobj(reader, writer, 1 << 20)
