"""What a tree holds, path by path, as lines that can be compared and stored."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from modpkg.errors import ModpkgError
from modpkg.host.files import digest_file

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS: Final = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "dir",
    stat.S_IFLNK: "symlink",
    stat.S_IFCHR: "char",
    stat.S_IFBLK: "block",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
}


def walk(tree: Path) -> Iterator[os.DirEntry[str]]:
    """Give every entry below a tree, parents before children, in the order of names. Links are not followed."""
    pending = [str(tree)]
    while pending:
        with os.scandir(pending.pop()) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
        yield from listed
        pending += [entry.path for entry in reversed(listed) if entry.is_dir(follow_symlinks=False)]


def inventory(tree: Path) -> dict[str, str]:
    """Describe each path below `tree`, as `modpkg.model.module.Module.paths` says. Times are not in it.

    Raises ModpkgError for names that are not UTF-8: JSON has no way to say them (Debian Policy 10.10 forbids them).
    """
    start = len(str(tree)) + 1
    first_names: dict[tuple[int, int], str] = {}
    paths = ((_utf8(e.path[start:]), e) for e in walk(tree))
    return dict(sorted((path, _describe(e, path, first_names)) for path, e in paths))


def uncompressed_size(paths: dict[str, str]) -> int:
    """Give the bytes of all files in an inventory, each hard link group once."""
    words = (line.split() for line in paths.values())
    return sum(int(w[4]) for w in words if w[0] == "file" and not w[-1].startswith("link="))


def memory_size(paths: dict[str, str]) -> int:
    """Give the bytes that an inventory takes in a tmpfs: each inode has a page or two beside its content."""
    return uncompressed_size(paths) + len(paths) * 8192


def _utf8(path: str) -> str:
    try:
        path.encode()
    except UnicodeEncodeError as error:
        shown = os.fsencode(path).decode(errors="backslashreplace")
        raise ModpkgError(
            "cannot describe a path whose name is not UTF-8",
            where=f"/{shown}",
            hint="leave it out by `exclude`, with ? for each letter that is none",
        ) from error
    return path


def _describe(entry: os.DirEntry[str], path: str, first_names: dict[tuple[int, int], str]) -> str:
    info = entry.stat(follow_symlinks=False)
    words = [describe(entry.path, info)]
    if not stat.S_ISDIR(info.st_mode) and info.st_nlink > 1:
        first = first_names.setdefault((info.st_dev, info.st_ino), path)
        words += [f"link={quote(first)}"] if first != path else []
    return " ".join(words)


def describe(path: str, info: os.stat_result) -> str:
    """Describe what lies at a path of this machine, hard links apart; `info` is what lstat says of it."""
    kind = KINDS[stat.S_IFMT(info.st_mode)]
    words = [kind, f"{stat.S_IMODE(info.st_mode):04o}", str(info.st_uid), str(info.st_gid)]
    if kind == "file":
        words += [str(info.st_size), _digest(path)]
    elif kind == "symlink":
        # Not Path.readlink, which would give x for ./x; as bytes, which need not be UTF-8.
        words.append(quote(os.readlink(os.fsencode(path))))  # noqa: PTH115 - see above
    elif kind in ("char", "block"):
        words.append(f"{os.major(info.st_rdev)}:{os.minor(info.st_rdev)}")
    return " ".join([*words, *_attributes(path)])


def _digest(path: str) -> str:
    try:
        return digest_file(Path(path))
    except OSError as error:
        raise ModpkgError(f"cannot read a file: {error.strerror}", where=path) from error


def _attributes(path: str) -> list[str]:
    names = sorted(os.listxattr(path, follow_symlinks=False))
    return [f"{quote(name)}={os.getxattr(path, name, follow_symlinks=False).hex()}" for name in names]
