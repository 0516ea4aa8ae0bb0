"""Chosen paths of an image as files in a directory, by an ordinary user, without a mount."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from modpkg.squashfs.read import open_image

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from modpkg.squashfs.read import Entry, Image

# What one call may write. Holes do not count: they take no space.
MOST_BYTES: Final = 4 << 30
WRITABLE: Final = 0o700


def extract(
    image: Path, paths: Iterable[str], destination: Path, *, name: str = "", most: int = MOST_BYTES
) -> list[str]:
    """Unpack paths (without a leading slash), directories with all below them, into a directory that is empty.

    Files get their mode and time, not their owner and attributes. Gives what was written, sorted. Raises BadInputError
    for a path that is not there, for devices, fifos and sockets, and for more than `most` bytes.
    """
    with open_image(image, name=name) as opened:
        chosen = _chosen(opened, paths)
        destination.mkdir(parents=True, exist_ok=True)
        if any(destination.iterdir()):
            opened.refuse(f"{destination} is not empty")
        left = most
        for path in chosen:
            left -= _write(opened, path, destination / path, left)
        for path in reversed(chosen):
            if opened.tree[path].kind == "dir":
                _finish(destination / path, opened.tree[path])
    return chosen


def _chosen(image: Image, paths: Iterable[str]) -> list[str]:
    wanted = set(paths)
    for path in sorted(wanted):
        if path not in image.tree:
            image.refuse(f"there is no /{path}")
    found: set[str] = set()
    for path in image.tree.paths:
        parents = path.split("/")
        starts = {"/".join(parents[:count]) for count in range(1, len(parents) + 1)}
        if starts & wanted:
            found |= starts
    return sorted(found)


def _write(image: Image, path: str, target: Path, left: int) -> int:
    # Gives the bytes that it took.
    entry = image.tree[path]
    if entry.kind == "dir":
        target.mkdir(mode=WRITABLE)
    elif entry.kind == "symlink":
        target.symlink_to(os.fsdecode(entry.target))
        os.utime(target, (entry.time, entry.time), follow_symlinks=False)
    elif entry.kind == "file":
        return _write_file(image, path, target, left)
    else:
        image.refuse(f"/{path} is a {entry.kind}, which only an administrator can make")
    return 0


def _write_file(image: Image, path: str, target: Path, left: int) -> int:
    taken = 0
    # Never through a link: what stands there before was not written here.
    with target.open("xb") as stream:
        for content, size in image.blocks(path):
            taken += len(content)
            if taken > left:
                image.refuse("its content is larger than it may be")
            if content:
                stream.write(content)
            else:
                stream.seek(size, os.SEEK_CUR)
        stream.truncate(image.tree[path].size)
    _finish(target, image.tree[path])
    return taken


def _finish(target: Path, entry: Entry) -> None:
    target.chmod(entry.mode)
    os.utime(target, (entry.time, entry.time))
