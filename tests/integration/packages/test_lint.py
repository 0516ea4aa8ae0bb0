"""lintian and rpmlint find no error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.host.run import run

if TYPE_CHECKING:
    from tests.support.packages import Pair

pytestmark = pytest.mark.programs
# Warnings that stay: the fields are ours, and image builders find fragments by them.
EXPECTED_WARNINGS = "W: modpkg-module-slurm-bookworm: unknown-field Modpkg-"


def test_lintian_finds_no_error_and_no_unexpected_warning(slurm: Pair) -> None:
    found = run(["lintian", "--allow-root", slurm.deb], check=False).stdout.splitlines()
    assert found
    assert [line for line in found if not line.startswith(EXPECTED_WARNINGS)] == []


def test_rpmlint_finds_no_error_but_those_with_a_reason(slurm: Pair) -> None:
    settings = Path(__file__).with_name("rpmlint.toml")
    done = run(["rpmlint", "-c", settings, slurm.rpm], check=False)
    assert " 1 packages and 0 specfiles checked" in done.stdout
    assert [line for line in done.stdout.splitlines() if ": E: " in line] == []
