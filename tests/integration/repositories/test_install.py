from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

import pytest

from modpkg.apt.index import read_channel
from tests.support.repos import AptClient, DnfClient, Workshop, package_of, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.keys import TestKey

pytestmark = pytest.mark.programs


@pytest.fixture(params=["http", "file"])
def published(request: pytest.FixtureRequest, workshop: Workshop) -> Iterator[Workshop]:
    now = int(time.time())
    packages = [
        *workshop.make(version="1.0.0-1"),
        *workshop.make(version="1.0.1-2"),
        *workshop.make("slurm", "23.2.1-5", depends={"core": "1.0.0-1"}),
    ]
    if request.param == "file":
        workshop.publish(packages, now=now)
        yield workshop
        return
    with served(workshop.places.www) as base_url:
        there = workshop.at(base_url)
        there.publish(packages, now=now)
        yield there


@pytest.fixture
def apt(published: Workshop, tmp_path: Path) -> AptClient:
    base_url, key = published.base_url, published.places.public_key
    client = AptClient.made(tmp_path / "apt", base_url=base_url, key=key)
    client.run("update")
    return client


def test_apt_installs_a_module_and_what_it_needs(apt: AptClient) -> None:
    # apt itself looks at the newest core alone, and slurm was built on the one before it.
    apt.run("install", package_of("slurm"), f"{package_of('core')}=1.0.0-1")
    assert apt.installed("slurm") == "slurm 23.2.1-5"
    assert apt.installed("core") == "core 1.0.0-1"


def test_apt_pins_upgrades_and_downgrades(apt: AptClient) -> None:
    core = package_of("core")
    apt.run("install", f"{core}=1.0.0-1")
    assert apt.installed("core") == "core 1.0.0-1"
    apt.run("upgrade")
    assert apt.installed("core") == "core 1.0.1-2"
    apt.run("install", "--allow-downgrades", f"{core}=1.0.0-1")
    assert apt.installed("core") == "core 1.0.0-1"


@pytest.mark.parametrize("published", ["file"], indirect=True)
def test_apt_holds_a_version(apt: AptClient) -> None:
    core = package_of("core")
    apt.run("install", f"{core}=1.0.0-1")
    pin = apt.root / "etc/apt/preferences.d/core.pref"
    pin.write_text(f"Package: {core}\nPin: version 1.0.0-1\nPin-Priority: 1001\n")
    apt.run("upgrade")
    assert apt.installed("core") == "core 1.0.0-1"
    pin.unlink()
    apt.run("hold", core, program="apt-mark")
    assert apt.run("showhold", program="apt-mark").stdout == f"{core}\n"
    apt.run("upgrade")
    assert apt.installed("core") == "core 1.0.0-1"
    apt.run("unhold", core, program="apt-mark")
    apt.run("upgrade")
    assert apt.installed("core") == "core 1.0.1-2"


@pytest.mark.parametrize("published", ["file"], indirect=True)
def test_dnf_holds_and_downgrades(published: Workshop, tmp_path: Path) -> None:
    source = f"baseurl={published.base_url}/rpm/testing"
    dnf = DnfClient.made(tmp_path / "dnf", source=source, key=published.places.public_key)
    dnf.run("install", f"{package_of('core')}-1.0.0-1")
    dnf.run("upgrade", f"--exclude={package_of('core')}")
    assert dnf.installed("core") == "core 1.0.0-1"
    dnf.run("upgrade")
    assert dnf.installed("core") == "core 1.0.1-2"
    dnf.run("downgrade", f"{package_of('core')}-1.0.0-1")
    assert dnf.installed("core") == "core 1.0.0-1"


# From file:// apt fetches everything but changelogs: it looks for a copy that its file method never makes.
@pytest.mark.parametrize("published", ["http"], indirect=True)
def test_apt_finds_the_changelog(apt: AptClient) -> None:
    shown = apt.run("changelog", package_of("slurm")).stdout
    assert "modpkg-module-slurm-bookworm (23.11.4-2) bookworm; urgency=medium" in shown


def test_the_index_tells_of_the_fragment_without_a_download(apt: AptClient) -> None:
    shown = apt.run("show", f"{package_of('core')}=1.0.0-1", program="apt-cache").stdout
    assert f"Modpkg-Fragment-Sha256: {hashlib.sha256(b'core 1.0.0-1').hexdigest()}" in shown


@pytest.mark.parametrize("way", ["mirrorlist={}/rpm/testing.mirrorlist", "baseurl={}/rpm/testing"])
def test_dnf_installs_pins_and_upgrades(published: Workshop, tmp_path: Path, way: str) -> None:
    source = way.format(published.base_url)
    dnf = DnfClient.made(tmp_path / "dnf", source=source, key=published.places.public_key)
    dnf.run("install", f"{package_of('core')}-1.0.0-1")
    assert dnf.installed("core") == "core 1.0.0-1"
    dnf.run("upgrade")
    assert dnf.installed("core") == "core 1.0.1-2"
    dnf.run("install", "--allowerasing", package_of("slurm"))
    assert dnf.installed("slurm") == "slurm 23.2.1-5"


def test_dnf_finds_the_package_of_a_fragment(published: Workshop, tmp_path: Path) -> None:
    source = f"baseurl={published.base_url}/rpm/testing"
    dnf = DnfClient.made(tmp_path / "dnf", source=source, key=published.places.public_key)
    wanted = f"modpkg-fragment(sha256) = {hashlib.sha256(b'core 1.0.1-2').hexdigest()}"
    assert f"{package_of('core')}-0:1.0.1-2.x86_64" in dnf.run("repoquery", "--whatprovides", wanted).stdout


def test_the_image_resolver_reads_the_same(published: Workshop, release_key: TestKey) -> None:
    channel = read_channel(
        published.places.root,
        "testing",
        architecture="amd64",
        keyring=release_key.public,
        now=int(time.time()),
    )
    found = [(entry.control["Modpkg-Module"], str(entry.version)) for entry in channel.entries]
    assert found == [("core", "1.0.0-1"), ("core", "1.0.1-2"), ("slurm", "23.2.1-5")]
    assert channel.key == release_key.signer.key.fingerprint
    for entry in channel.entries:
        content = (published.places.www / entry.path).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry.size, entry.sha256)
