"""Digests computed beside the work, and files that know their own digest.

hashlib works without Python's lock, so a thread for each digest uses the cores that copying leaves idle.
Memory stays at a few blocks: a writer that is ahead of its digests waits.
"""

from __future__ import annotations

import hashlib
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

    Buffer = bytes | memoryview

READ_BYTES: Final = 1 << 20
BLOCKS_AHEAD: Final = 4


class Sha256Thread:
    """A sha256 that is computed by a thread of its own while the block of `with` runs."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._blocks: Queue[tuple[Buffer, ...] | None] = Queue(BLOCKS_AHEAD)
        self._thread = Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._blocks.put(None)
        self._thread.join()

    def update(self, *blocks: Buffer) -> None:
        """Add bytes. They must not change before BLOCKS_AHEAD + 1 further calls have returned."""
        self._blocks.put(blocks)

    def hexdigest(self) -> str:
        """Give the digest in hexadecimal. It is whole once the block of `with` has ended."""
        return self._digest.hexdigest()

    def _work(self) -> None:
        while (blocks := self._blocks.get()) is not None:
            for block in blocks:
                self._digest.update(block)
