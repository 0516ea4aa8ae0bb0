from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.pipeline.index import borrowed_index
from modpkg.pipeline.published import published_pairs
from tests.support.repos import package_of, pen_workshop

if TYPE_CHECKING:
    from pathlib import Path


def test_each_deb_is_found_with_its_rpm(tmp_path: Path) -> None:
    workshop = pen_workshop(tmp_path)
    workshop.publish([*workshop.make(), *workshop.make("slurm", "23.2.0-1")])
    digests = workshop.places.manifest("testing").read_text().split()
    with borrowed_index(workshop.places) as index:
        pairs = published_pairs(index, map(package_of, ("core", "slurm", "nfs")))
    assert [str(identity) for identity in sorted(pairs)] == [
        "modpkg-module-core-bookworm 1.0.0-1 amd64",
        "modpkg-module-slurm-bookworm 23.2.0-1 amd64",
    ]
    assert {pair.deb.sha256 for pair in pairs.values()} | {pair.rpm.sha256 for pair in pairs.values()} == {
        *digests
    }
    assert all(pair.identity == identity for identity, pair in pairs.items())
