"""The hash tree of a root for the kernel's dm-verity, which checks each block when it is read.

The form is version 1 of the kernel's documentation (admin-guide/device-mapper/verity), without salt and without the
superblock of veritysetup: what that would say stands on the node's command line.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.host.files import new_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK: Final = 4096
DIGEST: Final = 32
READ_BLOCKS: Final = 1024


def write_verity(root: Path, destination: Path) -> str:
    """Write the tree over `root`, whose size is a multiple of 4096 bytes, and give the root hash in hexadecimal.

    The topmost level comes first, as the kernel wants it; equal roots give equal trees.
    """
    size = root.stat().st_size
    if size == 0 or size % BLOCK:
        raise ModpkgError(
            f"cannot make a hash tree: the root has {size:,} bytes, no multiple of {BLOCK}", where=str(root)
        )
    levels = [_padded(b"".join(_digests(root)))]
    while len(levels[-1]) > BLOCK:
        below = levels[-1]
        blocks = (below[start : start + BLOCK] for start in range(0, len(below), BLOCK))
        levels.append(_padded(b"".join(hashlib.sha256(block).digest() for block in blocks)))
    with new_file(destination) as temporary:
        temporary.write_bytes(b"".join(reversed(levels)))
    return hashlib.sha256(levels[-1]).hexdigest()


def _digests(root: Path) -> Iterator[bytes]:
    with root.open("rb") as stream:
        while data := stream.read(BLOCK * READ_BLOCKS):
            for start in range(0, len(data), BLOCK):
                yield hashlib.sha256(data[start : start + BLOCK]).digest()


def _padded(level: bytes) -> bytes:
    return level + bytes(-len(level) % BLOCK)
