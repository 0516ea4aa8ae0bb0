from __future__ import annotations

import errno
import os
import random
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.squashfs.transfer import transfer

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = random.Random(1).randbytes(70_000)  # noqa: S311 - no secret


def _transfer(place: Path, start: int, target: int, size: int) -> bytes:
    source = place / "source"
    source.write_bytes(CONTENT)
    with source.open("rb") as one, (place / "target").open("w+b") as other:
        transfer(one.fileno(), start, other.fileno(), target, size)
        other.seek(target)
        return other.read()


@pytest.mark.parametrize(
    ("start", "target", "size"),
    [
        (0, 0, 70_000),
        (1, 4097, 69_000),
        (4096, 8192, 4096),
        (5, 4101, 3),
        (4095, 7, 60_000),
        (10, 4106, 8192),
        (0, 0, 0),
    ],
)
def test_bytes_arrive_where_they_should(tmp_path: Path, start: int, target: int, size: int) -> None:
    assert _transfer(tmp_path, start, target, size) == CONTENT[start : start + size]


def test_it_works_where_the_kernel_does_not_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    assert _transfer(tmp_path, 1, 4097, 69_000) == CONTENT[1:69_001]


def test_a_full_disk_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    with pytest.raises(OSError, match="No space left"):
        _transfer(tmp_path, 0, 0, 10)


def test_a_source_that_became_shorter_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModpkgError, match="became shorter"):
        _transfer(tmp_path, 69_999, 0, 2)
