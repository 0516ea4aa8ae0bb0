"""lintian and rpmlint find nothing but what has a reason here: in made-up packages, and in those of real modules."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.host.run import run
from tests.support.small_platform import MODULES
from tests.support.small_store import cache_directory, prepare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.packages import Pair

pytestmark = pytest.mark.programs
HERE = Path(__file__).parent


def lintian(packages: Sequence[Path]) -> list[str]:
    """Give what lintian finds beside the exceptions, of any severity that it shows by itself."""
    exceptions = HERE / "lintian-exceptions"
    words = ["--no-cfg", "--allow-root", "--fail-on", "error", "--suppress-tags-from-file", exceptions]
    done = run(["lintian", *words, *packages], check=False)
    assert done.returncode in {0, 2}, done.stderr
    return done.stdout.splitlines()


def rpmlint(packages: Sequence[Path]) -> list[str]:
    done = run(["rpmlint", "-c", HERE / "rpmlint.toml", *packages], check=False)
    assert f" {len(packages)} packages and 0 specfiles checked" in done.stdout
    return [line for line in done.stdout.splitlines() if ": E: " in line or ": W: " in line]


def test_lintian_finds_nothing_but_the_exceptions(core: Pair, slurm: Pair) -> None:
    assert lintian([core.deb, slurm.deb]) == []


def test_rpmlint_finds_nothing_but_the_exceptions(slurm: Pair) -> None:
    assert rpmlint([slurm.rpm]) == []


def test_lintian_finds_what_is_no_exception(slurm: Pair, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    run(["dpkg-deb", "--raw-extract", slurm.deb, tree])
    (tree / "usr/share/doc" / slurm.module.package_name / "copyright").unlink()
    (tree / "usr/local/bin").mkdir(parents=True)
    run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, tmp_path])
    (changed,) = tmp_path.glob("*.deb")
    found = "\n".join(lintian([changed]))
    assert "no-copyright-file" in found


@pytest.mark.network
@pytest.mark.skipif(os.geteuid() != 0, reason="the small platform is built by root")
def test_the_packages_of_real_modules_are_clean_too() -> None:
    packages = prepare(cache_directory()).work / "packages/small"
    debs, rpms = sorted(packages.glob("*.deb")), sorted(packages.glob("*.rpm"))
    assert len(debs) == len(rpms) == len(MODULES)
    # The words of their recipes are the tests' own.
    assert [line for line in lintian(debs) if "description-synopsis-starts-with-article" not in line] == []
    assert rpmlint(rpms) == []
