"""Real apt and dnf follow a channel through a promotion, a rollback and a refresh."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from modpkg.pipeline.journal import read_snapshots
from modpkg.pipeline.promote import promotion
from modpkg.pipeline.refresh import refreshed
from modpkg.pipeline.rollback import rollback_to
from tests.support.repos import AptClient, DnfClient, Workshop, package_of, served

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.programs
CORE = package_of("core")
DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class Clients:
    apt: AptClient
    dnf: DnfClient

    @classmethod
    def of(cls, workshop: Workshop, directory: Path, channel: str) -> Clients:
        key = workshop.places.public_key
        source = f"mirrorlist={workshop.base_url}/rpm/{channel}.mirrorlist"
        return cls(
            apt=AptClient.made(directory / "apt", base_url=workshop.base_url, key=key, channel=channel),
            dnf=DnfClient.made(directory / "dnf", source=source, key=key),
        )

    def newest(self) -> tuple[str, str]:
        """Give the version of core that apt and dnf would install now."""
        self.apt.run("update", "--error-on=any")
        shown = self.apt.run("policy", CORE, program="apt-cache").stdout
        candidate = shown.split("Candidate: ")[1].split()[0]
        query = ("repoquery", "--latest-limit=1", "--qf", "%{version}-%{release}", CORE)
        return candidate, self.dnf.run(*query).stdout.split()[-1]

    def install(self) -> tuple[str, str]:
        self.apt.run("install", CORE)
        self.dnf.run("install", CORE)
        return self.apt.installed("core"), self.dnf.installed("core")


def test_clients_follow_a_promotion_and_a_rollback(workshop: Workshop, tmp_path: Path) -> None:
    now = int(time.time()) - 100
    workshop.publish(workshop.make(version="1.0.0-1"), now=now)
    workshop.change(promotion("testing"), channel="stable", now=now + 1)
    workshop.publish(workshop.make(version="1.0.1-2"), now=now + 2)
    clients = Clients.of(workshop, tmp_path, "stable")
    assert clients.newest() == ("1.0.0-1", "1.0.0-1")
    workshop.change(promotion("testing"), channel="stable", now=now + 3)
    assert clients.newest() == ("1.0.1-2", "1.0.1-2")
    first = next(each for each in read_snapshots(workshop.places) if each.channel == "stable")
    workshop.change(rollback_to(first.id), channel="stable", now=now + 4)
    assert clients.newest() == ("1.0.0-1", "1.0.0-1")
    assert clients.install() == ("core 1.0.0-1", "core 1.0.0-1")


def test_a_refreshed_channel_is_trusted_again(workshop: Workshop, tmp_path: Path) -> None:
    now = int(time.time())
    workshop.publish(workshop.make(), now=now - 20 * DAY)
    clients = Clients.of(workshop, tmp_path, "testing")
    refused = clients.apt.run("update", "--error-on=any", check=False)
    assert refused.returncode == 100
    assert "is expired" in refused.stderr
    workshop.change(refreshed, now=now)
    assert clients.newest() == ("1.0.0-1", "1.0.0-1")
    assert clients.install() == ("core 1.0.0-1", "core 1.0.0-1")


@pytest.mark.parametrize("scheme", ["file", "http"])
def test_clients_see_each_of_several_states_of_one_second(
    workshop: Workshop, tmp_path: Path, scheme: str
) -> None:
    with ExitStack() as stack:
        if scheme == "http":
            workshop = workshop.at(stack.enter_context(served(workshop.places.www)))
        now = int(time.time()) - 100
        workshop.publish(workshop.make(version="1.0.0-1"), now=now)
        clients = Clients.of(workshop, tmp_path, "testing")
        for number in range(2, 6):
            clients.apt.run("update", "--error-on=any")
            workshop.publish(workshop.make(version=f"1.0.0-{number}"), now=now)
            # As if the clock had stood still: a real publication and apt together can take less than a second.
            release = workshop.places.www / "dists/testing/InRelease"
            assert release.stat().st_mtime == now + number - 1
            assert clients.newest()[0] == f"1.0.0-{number}"
        mirrorlist = workshop.places.www / "rpm/testing.mirrorlist"
        assert mirrorlist.stat().st_mtime == release.stat().st_mtime
        assert clients.newest() == ("1.0.0-5", "1.0.0-5")
