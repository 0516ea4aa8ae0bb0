"""All that can be seen of a mounted tree, to compare two of them."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    Facts = tuple[object, ...]


def snapshot(tree: Path, *, without: set[str] = frozenset()) -> dict[str, Facts]:
    """Give facts by path: type, mode, owner, time, size, device, content, target, attributes, other names.

    `without` are paths that are left out, with all below them. A name that cannot be looked up is not there:
    overlayfs lists whiteouts in directories that it does not merge.
    """
    found: dict[str, Facts] = {}
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    inodes: dict[str, tuple[int, int]] = {}
    pending = [""]
    while pending:
        path = pending.pop()
        whole = os.fsencode(tree / path) if path else os.fsencode(tree)
        try:
            info = os.lstat(whole)
        except FileNotFoundError:
            continue
        found[path] = _facts(whole, info)
        if stat.S_ISDIR(info.st_mode):
            names = [
                f"{path}/{os.fsdecode(name)}" if path else os.fsdecode(name)
                for name in os.listdir(whole)  # noqa: PTH208 - names as bytes
            ]
            pending += [name for name in names if name not in without]
        else:
            inodes[path] = (info.st_dev, info.st_ino)
            groups[inodes[path]].append(path)
    return {
        path: (*facts, tuple(sorted(groups[inodes[path]]) if path in inodes else ()))
        for path, facts in found.items()
    }


def _facts(path: bytes, info: os.stat_result) -> Facts:
    extra: object = None
    if stat.S_ISREG(info.st_mode):
        with open(path, "rb") as stream:  # noqa: PTH123 - a path as bytes
            extra = (info.st_size, hashlib.file_digest(stream, "sha256").hexdigest())
    elif stat.S_ISLNK(info.st_mode):
        extra = os.readlink(path)  # noqa: PTH115 - exactly as it is
    elif stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode):
        extra = info.st_rdev
    return (oct(info.st_mode), info.st_uid, info.st_gid, info.st_mtime_ns, extra, _attributes(path))


def _attributes(path: bytes) -> tuple[tuple[str, bytes], ...]:
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError as error:
        # What squashfs says of an image without any attributes.
        if error.errno != errno.EOPNOTSUPP:
            raise
        return ()
    own = sorted(name for name in names if not name.startswith(("trusted.overlay.", "user.overlay.")))
    return tuple((name, os.getxattr(path, name, follow_symlinks=False)) for name in own)
