from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.pipeline.dependents import needs_of
from modpkg.pipeline.index import borrowed_index
from tests.support.repos import package_of, pen_workshop

if TYPE_CHECKING:
    from pathlib import Path


def test_what_a_package_was_built_on_is_known_exactly(tmp_path: Path) -> None:
    workshop = pen_workshop(tmp_path)
    upper = workshop.make("slurm", "23.2.0-1", depends={"core": "1.0.0-1", "munge": "2.0.0-3"})
    workshop.publish([*workshop.make(), *upper])
    digests = workshop.places.manifest("testing").read_text().split()
    with borrowed_index(workshop.places) as index:
        debs = [package for package in index.listed(digests) if package.is_deb]
        needs = needs_of(index, debs)
    core, slurm = (needs[deb.sha256] for deb in debs)
    assert core == frozenset()
    assert slurm == {(package_of("core"), "1.0.0-1"), (package_of("munge"), "2.0.0-3")}
