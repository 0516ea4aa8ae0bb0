from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.support.repos import AptClient, DnfClient, Module, Workshop, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.programs
CORE = Module()
SLURM = Module(name="slurm", version="23.2.1-5", content="slurm", depends=f"{CORE.package} (= 1.0.0-1)")


@pytest.fixture(params=["http", "file"])
def published(request: pytest.FixtureRequest, workshop: Workshop) -> Iterator[Workshop]:
    now = int(time.time())
    packages = [*workshop.make(), *workshop.make(**vars(SLURM))]
    if request.param == "file":
        workshop.publish(packages, now=now)
        yield workshop
        return
    with served(workshop.places.www) as base_url:
        there = workshop.at(base_url)
        there.publish(packages, now=now)
        yield there


def test_apt_installs(published: Workshop, tmp_path: Path) -> None:
    client = AptClient.made(
        tmp_path / "apt", base_url=published.document.base_url, key=published.places.public_key
    )
    client.run("update")
    client.run("install", SLURM.package)
    assert (client.installed(CORE), client.installed(SLURM)) == ("content", "slurm")


@pytest.mark.parametrize("way", ["mirrorlist={}/rpm/testing.mirrorlist", "baseurl={}/rpm/testing"])
def test_dnf_installs(published: Workshop, tmp_path: Path, way: str) -> None:
    client = DnfClient.made(
        tmp_path / "dnf", source=way.format(published.document.base_url), key=published.places.public_key
    )
    client.run("install", SLURM.package)
    assert (client.installed(CORE), client.installed(SLURM)) == ("content", "slurm")
