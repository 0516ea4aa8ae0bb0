"""The small stack of modules, made once for all tests of this directory."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from modpkg.host.namespaces import enter
from modpkg.host.run import run

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a directory with `<name>.json`, `<name>/` and `<name>.squashfs` of core, kernel, slurm and tools."""
    if os.geteuid() != 0:
        pytest.skip("making trees of root's files needs root")
    place = tmp_path_factory.mktemp("stack")
    program = [sys.executable, "-m", "tests.support.small_stack", place]
    run([*enter("root"), *program], env={"PYTHONPATH": str(CHECKOUT)})
    return place
