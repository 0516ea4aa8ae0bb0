"""What ucf knows: the checksum of each file as it was shipped, and the package that ships it."""

from __future__ import annotations

from typing import Final

from modpkg.rootfs.state.records import Database


def _last_word(line: str) -> str:
    return line.split(maxsplit=1)[-1]


HASHFILE: Final = Database(
    pattern="var/lib/ucf/hashfile", what="checksum of", key=_last_word, order=_last_word
)
REGISTRY: Final = Database(
    pattern="var/lib/ucf/registry", what="package of", key=_last_word, order=_last_word
)
