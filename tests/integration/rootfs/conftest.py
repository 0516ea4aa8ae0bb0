"""Programs that run apart: what they do to mounts and names, the machine does not see."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from modpkg.host.namespaces import enter
from modpkg.host.run import Completed, run

CHECKOUT = Path(__file__).resolve().parents[3]
Apart = Callable[..., Completed]


@pytest.fixture
def apart() -> Apart:
    """Give a function that runs Python code in namespaces of its own."""
    if os.geteuid() != 0:
        pytest.skip("owners and devices of trees need root")

    def call(code: str, *words: str | Path, check: bool = True) -> Completed:
        program = [sys.executable, "-c", f"import sys\nfrom pathlib import Path\n{code}", *words]
        return run([*enter("root"), *program], env={"PYTHONPATH": str(CHECKOUT)}, check=check)

    return call
