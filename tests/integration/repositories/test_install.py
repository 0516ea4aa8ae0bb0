from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.support.repos import AptClient, DnfClient, Workshop, package_of, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.programs


@pytest.fixture(params=["http", "file"])
def published(request: pytest.FixtureRequest, workshop: Workshop) -> Iterator[Workshop]:
    now = int(time.time())
    packages = [*workshop.make(), *workshop.make("slurm", "23.2.1-5", depends={"core": "1.0.0-1"})]
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
    client.run("install", package_of("slurm"))
    assert (client.installed("core"), client.installed("slurm")) == ("core 1.0.0-1", "slurm 23.2.1-5")


@pytest.mark.parametrize("way", ["mirrorlist={}/rpm/testing.mirrorlist", "baseurl={}/rpm/testing"])
def test_dnf_installs(published: Workshop, tmp_path: Path, way: str) -> None:
    client = DnfClient.made(
        tmp_path / "dnf", source=way.format(published.document.base_url), key=published.places.public_key
    )
    client.run("install", package_of("slurm"))
    assert (client.installed("core"), client.installed("slurm")) == ("core 1.0.0-1", "slurm 23.2.1-5")
