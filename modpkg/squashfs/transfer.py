"""Bytes from file to file inside the kernel: shared where the file system can, copied where not."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE: Final = 4096
# What a kernel says that cannot copy between these two files.
REFUSED: Final = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF, errno.EPERM}


def transfer(source: int, start: int, target: int, place: int, size: int) -> None:
    """Copy `size` bytes from `start` of one descriptor to `place` of the other."""
    copy = _copy
    if (start - place) % PAGE == 0 and start % PAGE and size > 2 * PAGE:
        # Only whole pages are shared: the edges are copied apart.
        edge = PAGE - start % PAGE
        _all(copy, (source, target), start, place, edge)
        start, place, size = start + edge, place + edge, size - edge
    if (start - place) % PAGE == 0 and size > PAGE:
        middle = size // PAGE * PAGE
        _all(copy, (source, target), start, place, middle)
        start, place, size = start + middle, place + middle, size - middle
    _all(copy, (source, target), start, place, size)


def _all(
    copy: Callable[[int, int, int, int, int], int], files: tuple[int, int], start: int, place: int, size: int
) -> None:
    while size:
        done = copy(*files, size, start, place)
        if not done:
            raise ModpkgError("cannot copy: a file became shorter while it was read", hint="try again")
        start, place, size = start + done, place + done, size - done


def _copy(source: int, target: int, size: int, start: int, place: int) -> int:
    try:
        return os.copy_file_range(source, target, size, start, place)
    except OSError as error:
        if error.errno not in REFUSED:
            raise
    os.lseek(target, place, os.SEEK_SET)
    return os.sendfile(target, source, start, size)
