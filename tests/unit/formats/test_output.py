"""Packages appear whole or not at all."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from modpkg.formats.output import package_file

if TYPE_CHECKING:
    from pathlib import Path


def test_appears_at_the_end_with_a_mode_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "below" / "a.deb"
    old = os.umask(0o077)
    try:
        with package_file(path) as temporary:
            temporary.write_bytes(b"x")
            assert not path.exists()
    finally:
        os.umask(old)
    assert path.read_bytes() == b"x"
    assert path.stat().st_mode & 0o777 == 0o644


def test_leaves_nothing_and_changes_nothing_on_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.deb"
    path.write_bytes(b"old")

    def fail() -> None:
        with package_file(path) as temporary:
            temporary.write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_says_what_was_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space") as caught, package_file(tmp_path / "a.deb"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.filename == str(tmp_path / "a.deb")
