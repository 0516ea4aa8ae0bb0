"""Two modules as packages, with fragments that mksquashfs made: core, and slurm that was built on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.host.run import run
from tests.support.modules import EPOCH
from tests.support.packages import Pair, write_pair

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def squashfs(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give the bytes of a small real squashfs."""
    place = tmp_path_factory.mktemp("squashfs")
    tree = place / "tree"
    (tree / "usr" / "bin").mkdir(parents=True)
    (tree / "usr" / "bin" / "slurmd").write_bytes(b"#!/bin/sh\necho slurmd\n" * 9000)
    words = ["-quiet", "-all-root", "-all-time", str(EPOCH), "-mkfs-time", str(EPOCH), "-comp", "zstd"]
    run(["mksquashfs", tree, place / "fragment", *words])
    return (place / "fragment").read_bytes()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a directory for the packages of one test file."""
    return tmp_path_factory.mktemp("packages")


@pytest.fixture(scope="module")
def core(place: Path, squashfs: bytes) -> Pair:
    """Give the packages of the module at the bottom."""
    changes: dict[str, object] = {"depends": [], "conflicts": [], "provides": []}
    return write_pair(place / "core", squashfs, name="core", version="12.0.3-41", **changes)


@pytest.fixture(scope="module")
def slurm(place: Path, squashfs: bytes) -> Pair:
    """Give the packages of a module that needs exactly that core."""
    return write_pair(place / "slurm", squashfs)
