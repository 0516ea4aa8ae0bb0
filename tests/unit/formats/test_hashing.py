"""Digests computed beside the work."""

from __future__ import annotations

import hashlib
import threading

import pytest

from modpkg.formats.hashing import BLOCKS_AHEAD, Sha256Thread


def test_digest_of_all_blocks_in_order() -> None:
    blocks = [bytes([number]) * 5000 for number in range(40)]
    with Sha256Thread() as digest:
        digest.update(*blocks[:3])
        for block in blocks[3:]:
            digest.update(block)
    assert digest.hexdigest() == hashlib.sha256(b"".join(blocks)).hexdigest()


def test_a_buffer_may_be_used_again_after_enough_calls() -> None:
    # What `StoredWriter.copy` relies on: the thread is never further behind.
    buffers = [bytearray(1 << 16) for _ in range(BLOCKS_AHEAD + 2)]
    expected = hashlib.sha256()
    with Sha256Thread() as digest:
        for number in range(100):
            buffer = buffers[number % len(buffers)]
            buffer[:] = bytes([number]) * len(buffer)
            expected.update(buffer)
            digest.update(memoryview(buffer))
    assert digest.hexdigest() == expected.hexdigest()


def test_the_thread_ends_with_the_block_even_on_an_error() -> None:
    before = threading.active_count()

    def fail() -> None:
        with Sha256Thread() as digest:
            digest.update(b"x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert threading.active_count() == before
