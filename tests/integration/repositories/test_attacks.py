from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from modpkg.apt.index import read_channel
from modpkg.errors import ModpkgError
from tests.support.attacks import APT_ATTACKS, DNF_ATTACKS, CarelessSigner
from tests.support.repos import AptClient, DnfClient, Workshop, package_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.keys import TestKey

pytestmark = pytest.mark.programs
CORE = package_of("core")
DAY = 86_400


def apt_refuses(client: AptClient) -> str:
    for words in (("update", "--error-on=any"), ("install", CORE)):
        done = client.run(*words, check=False)
        if done.returncode != 0:
            assert client.installed("core") == ""
            return done.stdout + done.stderr
    return "apt installed it"


def dnf_refuses(client: DnfClient) -> str:
    done = client.run("install", CORE, check=False)
    assert done.returncode != 0
    assert client.installed("core") == ""
    return done.stdout + done.stderr


def apt_client(workshop: Workshop, root: Path, key: Path) -> AptClient:
    return AptClient.made(root, base_url=workshop.base_url, key=key)


def dnf_client(workshop: Workshop, directory: Path, key: Path) -> DnfClient:
    source = f"mirrorlist={workshop.base_url}/rpm/testing.mirrorlist"
    return DnfClient.made(directory, source=source, key=key)


@pytest.fixture
def published(workshop: Workshop) -> Workshop:
    workshop.publish(workshop.make(), now=int(time.time()))
    return workshop


@pytest.mark.parametrize("name", APT_ATTACKS)
def test_apt_refuses_what_was_tampered_with(
    published: Workshop, release_key: TestKey, tmp_path: Path, name: str
) -> None:
    APT_ATTACKS[name].do(published.places.www)
    assert APT_ATTACKS[name].refusal in apt_refuses(
        apt_client(published, tmp_path / "apt", release_key.public)
    )


@pytest.mark.parametrize("name", DNF_ATTACKS)
def test_dnf_refuses_what_was_tampered_with(
    published: Workshop, release_key: TestKey, tmp_path: Path, name: str
) -> None:
    DNF_ATTACKS[name].do(published.places.www)
    assert DNF_ATTACKS[name].refusal in dnf_refuses(
        dnf_client(published, tmp_path / "dnf", release_key.public)
    )


def test_clients_refuse_another_key(published: Workshop, other_key: TestKey, tmp_path: Path) -> None:
    assert "NO_PUBKEY" in apt_refuses(apt_client(published, tmp_path / "apt", other_key.public))
    assert "Bad GPG signature" in dnf_refuses(dnf_client(published, tmp_path / "dnf", other_key.public))


def test_dnf_refuses_an_unsigned_package_in_a_signed_repository(
    workshop: Workshop, release_key: TestKey, tmp_path: Path
) -> None:
    careless = CarelessSigner(key=workshop.signer.key, home=workshop.signer.home)
    there = Workshop(directory=workshop.directory, signer=careless, document=workshop.document)
    there.publish(there.make(), now=int(time.time()))
    assert "is not signed" in dnf_refuses(dnf_client(workshop, tmp_path / "dnf", release_key.public))


@pytest.mark.parametrize(("days", "refusal"), [(-30, "is expired"), (2, "is not valid yet")])
def test_apt_refuses_a_channel_outside_of_its_time(
    workshop: Workshop, release_key: TestKey, tmp_path: Path, days: int, refusal: str
) -> None:
    workshop.publish(workshop.make(), now=int(time.time()) + days * DAY)
    assert refusal in apt_refuses(apt_client(workshop, tmp_path / "apt", release_key.public))


def test_apt_keeps_what_it_knows_when_an_older_release_comes_back(
    workshop: Workshop, release_key: TestKey, tmp_path: Path
) -> None:
    now = int(time.time())
    workshop.publish(workshop.make(version="1.0.0-1"), now=now - 100)
    release = workshop.places.www / "dists/testing/InRelease"
    older = release.read_text()
    workshop.publish(workshop.make(version="1.0.0-2"), now=now)
    client = apt_client(workshop, tmp_path / "apt", release_key.public)
    client.run("update")
    release.write_text(older)
    client.run("update")
    client.run("install", CORE)
    assert client.installed("core") == "core 1.0.0-2"


@pytest.mark.parametrize("name", ["index", "release", "no-signature"])
def test_the_resolver_refuses_what_was_tampered_with(
    published: Workshop, release_key: TestKey, name: str
) -> None:
    APT_ATTACKS[name].do(published.places.www)
    with pytest.raises(ModpkgError, match="cannot trust this"):
        read_channel(published.places.root, "testing", architecture="amd64", keyring=release_key.public)


def test_the_resolver_refuses_another_key_another_channel_and_an_old_one(
    published: Workshop, release_key: TestKey, other_key: TestKey
) -> None:
    def read(channel: str, key: TestKey, now: int | None = None) -> None:
        read_channel(published.places.root, channel, architecture="amd64", keyring=key.public, now=now)

    with pytest.raises(ModpkgError, match="not in the key ring"):
        read("testing", other_key)
    with pytest.raises(ModpkgError, match="cannot find channel 'stable'"):
        read("stable", release_key)
    with pytest.raises(ModpkgError, match="it expired on"):
        read("testing", release_key, int(time.time()) + 15 * DAY)
    (published.places.www / "dists/stable").symlink_to("testing")
    with pytest.raises(ModpkgError, match="it is 'testing' in the place of 'stable'"):
        read("stable", release_key)


def test_the_resolver_says_which_architectures_there_are(published: Workshop, release_key: TestKey) -> None:
    with pytest.raises(ModpkgError, match="cannot find packages for arm64") as caught:
        read_channel(published.places.root, "testing", architecture="arm64", keyring=release_key.public)
    assert caught.value.hint == "it has amd64"
