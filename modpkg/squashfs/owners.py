"""Users and groups of the new image: each id once, in the order of its first use."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

# The superblock counts them in 16 bits.
MOST: Final = 0xFFFF


class Owners:
    """Collects ids of all layers."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}

    def of(self, ids: Sequence[int]) -> dict[int, int]:
        """Give the mapping of a layer with these ids: its number of an id -> the new number, filled when asked."""
        return _LayerOwners(self, ids)

    def number(self, identity: int) -> int:
        """Give the new number of an id."""
        found = self._numbers.setdefault(identity, len(self._numbers))
        if found >= MOST:
            raise BadInputError(
                f"cannot write a squashfs with more than {MOST} different users and groups",
                hint="give files fewer owners, or leave a module out",
            )
        return found

    def table(self) -> tuple[bytes, int]:
        """Give the ids as the table has them, and their count."""
        return struct.pack(f"<{len(self._numbers)}I", *self._numbers), len(self._numbers)


class _LayerOwners(dict[int, int]):
    def __init__(self, owners: Owners, ids: Sequence[int]) -> None:
        super().__init__()
        self._owners, self._ids = owners, ids

    def __missing__(self, index: int) -> int:
        found = self[index] = self._owners.number(self._ids[index])
        return found
