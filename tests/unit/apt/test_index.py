from pathlib import Path

import pytest

from modpkg.apt.index import PublishedChannel, read_channel
from modpkg.errors import BadInputError, ModpkgError
from modpkg.model.repository import Places
from modpkg.pipeline.publish import publish
from modpkg.pipeline.target import Target
from tests.support.pens import PEN_KEY, pen_signer, trust_pens
from tests.support.repos import NOW, make_document, make_pair

DOCUMENT = make_document("https://repository.example.org")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a repository with two versions of core in channel testing."""
    trust_pens(monkeypatch)
    repository = tmp_path / "repository"
    packages = [path for version in ("1.0.0-1", "1.0.1-2") for path in make_pair(tmp_path, version=version)]
    target = Target(repository=repository, document=DOCUMENT, channel="testing")
    publish(packages, target=target, signer=pen_signer(), now=NOW)
    return repository


def read(
    repository: Path, channel: str = "testing", *, architecture: str = "amd64", now: int | None = None
) -> PublishedChannel:
    keyring = Places(repository).public_key
    return read_channel(repository, channel, architecture=architecture, keyring=keyring, now=now)


def suite(repository: Path) -> Path:
    return Places(repository).www / "dists/testing"


def index(repository: Path) -> Path:
    """Give the index that InRelease names by its digest."""
    (found,) = [
        path
        for path in suite(repository).glob("main/binary-amd64/by-hash/SHA256/*")
        if path.read_bytes().startswith(b"Package:")
    ]
    return found


def test_a_channel_tells_its_packages_with_their_places(repository: Path) -> None:
    found = read(repository)
    assert [str(entry.version) for entry in found.entries] == ["1.0.0-1", "1.0.1-2"]
    assert found.key == PEN_KEY.fingerprint
    assert found.date <= NOW < found.valid_until
    assert all((Places(repository).www / entry.path).is_file() for entry in found.entries)


def test_a_channel_that_was_never_published_says_how_to(repository: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        read(repository, "stable")
    assert str(caught.value) == (
        f"{repository}: cannot find channel 'stable'\n  hint: publish to it: invoke publish --channel stable"
    )


def test_another_architecture_has_no_packages(repository: Path) -> None:
    with pytest.raises(
        BadInputError, match=r"cannot find packages for arm64 in channel 'testing'\n  hint: it has"
    ):
        read(repository, architecture="arm64")


def test_a_channel_expires_if_the_time_is_asked_for(repository: Path) -> None:
    until = read(repository).valid_until
    assert read(repository, now=until).valid_until == until
    with pytest.raises(ModpkgError, match="cannot trust this channel: it expired on"):
        read(repository, now=until + 1)


def test_a_channel_in_the_place_of_another_is_not_trusted(repository: Path) -> None:
    suite(repository).rename(suite(repository).with_name("stable"))
    with pytest.raises(ModpkgError, match="it is 'testing' in the place of 'stable'"):
        read(repository, "stable")


def test_an_index_that_is_gone_is_told(repository: Path) -> None:
    index(repository).unlink()
    with pytest.raises(ModpkgError, match="cannot find the index that InRelease names"):
        read(repository)


@pytest.mark.parametrize("change", [b"", b"Package: other\n", None])
def test_an_index_with_other_bytes_is_not_trusted(repository: Path, change: bytes | None) -> None:
    path = index(repository)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"1.0.1-2", b"1.0.1-3") if change is None else change)
    with pytest.raises(ModpkgError, match="cannot trust this index: InRelease names another digest"):
        read(repository)


@pytest.mark.parametrize("text", ["", "Suite: testing\n", "nonsense"])
def test_a_release_file_that_says_nothing_is_told(repository: Path, text: str) -> None:
    (suite(repository) / "InRelease").write_text(f"signed at 1\n\n{text}")
    with pytest.raises(ModpkgError, match="cannot read this Release file"):
        read(repository)
