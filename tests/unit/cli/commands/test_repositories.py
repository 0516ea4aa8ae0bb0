from pathlib import Path

import pytest

from modpkg.cli.commands.modules import build_all, release_module
from modpkg.cli.commands.repositories import publish, show_repository
from modpkg.cli.options import Session
from modpkg.errors import BadInputError
from tests.support.checkout import Checkout, fix_tools
from tests.support.fake_worker import FakeWorker, stock
from tests.support.pens import PEN_KEY, pen_signer, trust_pens
from tests.support.repos import make_pair
from tests.support.sessions import called, session_of

NAMES = [f"modpkg-module-{name}-bookworm" for name in ("core", "kernel", "slurm")]


@pytest.fixture
def homes(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Let a pen sign; gives the homes of gpg that were asked for."""
    asked: list[Path] = []

    def find(document: object, *, home: Path, sink: object) -> object:
        del document, sink
        asked.append(home)
        return pen_signer()

    monkeypatch.setattr("modpkg.pipeline.signing.find_signer", find)
    trust_pens(monkeypatch)
    fix_tools(monkeypatch)
    FakeWorker.installed(monkeypatch)
    return asked


@pytest.fixture
def session(tmp_path: Path, homes: list[Path]) -> Session:
    """Give a session whose modules are released and built."""
    del homes
    checkout = Checkout.made(tmp_path)
    stock(checkout.store, checkout.write_lock())
    session = session_of(checkout)
    called(release_module, session, "all", message="x")
    called(build_all, session, offline=True)
    return session


def test_all_modules_are_published(session: Session, homes: list[Path]) -> None:
    result = called(publish, session, channel="testing")
    assert [line.split()[0] for line in result.added] == NAMES
    assert (result.channel, result.key) == ("testing", PEN_KEY.fingerprint)
    assert result.repository == session.work / "repository"
    assert homes == [session.work / "gnupg"]


def test_one_module_is_published_alone(session: Session) -> None:
    result = called(publish, session, channel="testing", module="core")
    assert [line.split()[0] for line in result.added] == NAMES[:1]


def test_publishing_again_adds_nothing(session: Session) -> None:
    first = called(publish, session, channel="testing")
    again = called(publish, session, channel="testing")
    assert (again.added, len(again.present), again.snapshot) == ((), 3, first.snapshot)


def test_a_dry_run_writes_nothing_and_needs_no_key(session: Session, homes: list[Path]) -> None:
    result = called(publish, session, channel="testing", dry_run=True)
    assert [line.split()[0] for line in result.added] == NAMES
    assert (result.snapshot, result.key) == (None, None)
    assert homes == []
    assert not (session.work / "repository").exists()


def test_the_home_of_the_key_may_be_named(session: Session, homes: list[Path]) -> None:
    keys = session.work / "keys"
    named = Session(
        project=session.project,
        work=session.work,
        store=session.store,
        sink=session.sink,
        environ={**session.environ, "MODPKG_GNUPGHOME": str(keys)},
    )
    called(publish, named, channel="testing")
    assert homes == [keys]


def test_a_channel_that_is_not_there_is_refused_before_anything_is_read(session: Session) -> None:
    (session.recipes / "platforms/bookworm.lock").unlink()
    with pytest.raises(BadInputError, match="there is none of that name"):
        called(publish, session, channel="tseting")


def test_channels_are_shown_with_their_modules(session: Session) -> None:
    called(publish, session, channel="testing")
    called(publish, session, channel="stable", module="core")
    shown = called(show_repository, session)
    assert [(one.channel, len(one.modules)) for one in shown] == [("testing", 3), ("stable", 1)]
    (stable,) = called(show_repository, session, channel="stable")
    assert stable.modules == ("modpkg-module-core-bookworm 12.0.3-1",)


def test_without_a_repository_there_is_nothing_to_show(session: Session) -> None:
    with pytest.raises(BadInputError, match="nothing is published"):
        called(show_repository, session)


def test_packages_of_a_folder_are_published_without_recipes(session: Session, tmp_path: Path) -> None:
    (session.recipes / "platforms/bookworm.lock").unlink()
    packages = make_pair(tmp_path / "elsewhere", "tools", "2.0.0-1")
    folder = str(packages[0].parent)
    planned = called(publish, session, channel="testing", packages=folder, dry_run=True)
    assert (planned.snapshot, planned.added) == (None, ("modpkg-module-tools-bookworm 2.0.0-1 amd64",))
    result = called(publish, session, channel="testing", packages=folder)
    assert result.added == planned.added
    assert (session.work / "repository/state/description.json").exists()


def test_a_folder_and_a_module_are_not_published_at_once(session: Session, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="both a folder and a module"):
        called(publish, session, channel="testing", packages=str(tmp_path), module="core")


def test_a_folder_brings_no_inputs_to_keep(session: Session, tmp_path: Path) -> None:
    with session.repository.open("a") as stream:
        stream.write("keep-inputs: true\n")
    with pytest.raises(BadInputError, match="packages do not bring theirs"):
        called(publish, session, channel="testing", packages=str(tmp_path))
