from dataclasses import replace
from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.model.repository import Repository
from modpkg.pipeline.publish import publish
from modpkg.pipeline.show_repository import show_channels
from modpkg.pipeline.target import Target
from tests.support.pens import PEN_KEY, pen_signer, trust_pens
from tests.support.repos import NOW, make_document, make_pair


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    trust_pens(monkeypatch)
    return tmp_path / "repository"


DOCUMENT: Repository = make_document("https://repository.example.org")


def put(repository: Path, channel: str, *versions: str) -> str:
    packages = [path for one in versions for path in make_pair(repository.parent, version=one)]
    target = Target(repository=repository, document=DOCUMENT, channel=channel)
    return publish(packages, target=target, signer=pen_signer(), now=NOW).snapshot


def test_without_a_publication_there_is_nothing_to_show(repository: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        show_channels(repository, DOCUMENT, channel=None)
    assert str(caught.value) == (
        f"{repository}: cannot show the repository: nothing is published\n  hint: invoke publish --channel CHANNEL"
    )


def test_all_channels_with_a_publication_are_shown(repository: Path) -> None:
    testing = put(repository, "testing", "1.0.0-1", "1.0.1-2")
    assert list(show_channels(repository, DOCUMENT, channel=None)) == ["testing"]
    stable = put(repository, "stable", "1.0.0-1")
    shown = show_channels(repository, DOCUMENT, channel=None)
    assert {name: one.snapshot for name, one in shown.items()} == {"testing": testing, "stable": stable}
    versions = {name: [entry.control["Version"] for entry in one.entries] for name, one in shown.items()}
    assert versions == {"testing": ["1.0.0-1", "1.0.1-2"], "stable": ["1.0.0-1"]}
    assert {one.key for one in shown.values()} == {PEN_KEY.fingerprint}


def test_one_channel_is_shown_if_it_is_named(repository: Path) -> None:
    put(repository, "testing", "1.0.0-1")
    put(repository, "stable", "1.0.0-1")
    assert list(show_channels(repository, DOCUMENT, channel="stable")) == ["stable"]


def test_a_channel_that_nothing_was_published_to_says_how_to(repository: Path) -> None:
    put(repository, "testing", "1.0.0-1")
    with pytest.raises(BadInputError, match="invoke publish --channel stable"):
        show_channels(repository, DOCUMENT, channel="stable")


def test_a_channel_of_no_document_is_not_shown_unless_named(repository: Path) -> None:
    put(repository, "testing", "1.0.0-1")
    smaller = replace(DOCUMENT, channels=("stable",))
    with pytest.raises(BadInputError, match="nothing is published"):
        show_channels(repository, smaller, channel=None)


def test_looking_changes_nothing(repository: Path) -> None:
    put(repository, "testing", "1.0.0-1")
    before = {path: path.stat().st_mtime_ns for path in repository.rglob("*")}
    show_channels(repository, DOCUMENT, channel=None)
    assert {path: path.stat().st_mtime_ns for path in repository.rglob("*")} == before
