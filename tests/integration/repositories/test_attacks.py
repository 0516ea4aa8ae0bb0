from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest

from modpkg.apt.index import read_channel
from modpkg.errors import BadInputError, ModpkgError
from modpkg.openpgp.keys import make_key, public_key
from modpkg.openpgp.sign import Signer
from modpkg.pipeline.verify_repository import Wish, verify_repository
from modpkg.store.origin import DirectoryOrigin
from tests.support.attacks import APT_ATTACKS, DNF_ATTACKS, CarelessSigner, only
from tests.support.evil import REASONS, edited_rpm, evil_deb
from tests.support.repos import AptClient, DnfClient, Workshop, make_document, package_of

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


def test_clients_refuse_a_key_whose_time_is_over(tmp_path: Path) -> None:
    now, home, public = int(time.time()), tmp_path / "gnupg", tmp_path / "ended.asc"
    key = make_key(
        home, "ended <e@example.invalid>", created=now - 2 * DAY, algorithm="ed25519", expires="1d"
    )
    public.write_text(public_key(home, fingerprint=key.fingerprint))
    signer = Signer(key=key, home=home)
    there = Workshop(directory=tmp_path / "workshop", signer=signer, document=make_document(None))
    # Its signature was made in time; what ended is the trust in it.
    there.publish(there.make(), now=now - 2 * DAY + 60)
    assert "EXPKEYSIG" in apt_refuses(apt_client(there, tmp_path / "apt", public))
    assert "Bad GPG signature" in dnf_refuses(dnf_client(there, tmp_path / "dnf", public))
    origin = DirectoryOrigin(there.places.www)
    verified = verify_repository(Wish(origin=origin, keyring=public, channels=("testing",), now=now))
    found = {fault.file.rpartition("/")[2]: fault.reason for fault in verified.faults}
    assert "its key has expired" in found["InRelease"]
    assert "its key has expired" in found["repomd.xml"]
    assert "has expired" in found["key.asc"]


@pytest.mark.parametrize("kind", ["climbing", "absolute", "symlink", "bomb"])
def test_apt_refuses_an_evil_package_in_the_place_of_a_good_one(
    published: Workshop, release_key: TestKey, tmp_path: Path, kind: str
) -> None:
    good = only(published.places.www / "pool", "*.deb")
    shutil.move(evil_deb(good, tmp_path / "evil", kind), good)
    said = apt_refuses(apt_client(published, tmp_path / "apt", release_key.public))
    assert "unexpected size" in said or "Hash Sum mismatch" in said
    assert not (tmp_path / "apt/etc/evil").exists()


def test_dnf_refuses_an_evil_package_in_the_place_of_a_good_one(
    published: Workshop, release_key: TestKey, tmp_path: Path
) -> None:
    edited_rpm(only(published.places.www / "pool", "*.rpm"), b"/usr/share/doc/", b"/usr/../../doc/")
    assert "Cannot download" in dnf_refuses(dnf_client(published, tmp_path / "dnf", release_key.public))


@pytest.mark.parametrize("kind", REASONS)
def test_an_evil_package_is_not_published(workshop: Workshop, kind: str) -> None:
    deb, rpm = workshop.make()
    evil = evil_deb(deb, workshop.directory / "evil", kind)
    with pytest.raises(BadInputError, match=REASONS[kind]):
        workshop.publish([evil, rpm])
    assert not (workshop.places.www / "dists").exists()
