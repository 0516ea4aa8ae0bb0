from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

from modpkg.model.repository import snapshot_id
from modpkg.pipeline.switch import new_snapshot
from tests.support.repos import NOW, pen_workshop

if TYPE_CHECKING:
    from pathlib import Path


def test_a_snapshot_knows_its_parent_and_lists_packages_sorted() -> None:
    parent = new_snapshot(["b" * 64], channel="testing", date=1, parent=None, key="A" * 40)
    child = new_snapshot(["b" * 64, "a" * 64], channel="testing", date=2, parent=parent, key="A" * 40)
    assert child.packages == ("a" * 64, "b" * 64)
    assert (parent.parent, child.parent) == (None, parent.id)
    assert child.id == snapshot_id(child.packages, date=2)


def test_changelogs_are_written_for_apt(tmp_path: Path) -> None:
    workshop = pen_workshop(tmp_path)
    workshop.publish(workshop.make(version="23.11.4-2"))
    name = "modpkg-module-core-bookworm"
    path = workshop.places.www / f"changelogs/main/m/{name}/{name}_23.11.4-2_changelog"
    assert path.read_text().startswith(f"{name} (23.11.4-2) bookworm; urgency=medium\n")


def test_both_indices_name_files_that_are_there(tmp_path: Path) -> None:
    workshop = pen_workshop(tmp_path)
    workshop.publish([*workshop.make(), *workshop.make("slurm")], now=NOW)
    www = workshop.places.www
    packages = (www / "dists/testing/main/binary-amd64/Packages").read_text()
    debs = [line.split()[1] for line in packages.splitlines() if line.startswith("Filename: ")]
    assert len(debs) == 2
    assert all((www / path).is_file() for path in debs)
    snapshot = (www / "rpm/testing").resolve()
    (primary,) = snapshot.glob("repodata/*-primary.xml.gz")
    text = gzip.decompress(primary.read_bytes()).decode()
    hrefs = re.findall(r'location href="([^"]+)"', text)
    assert len(hrefs) == 2
    assert all((snapshot / href).resolve().is_file() for href in hrefs)
