import io
import sys
from pathlib import Path

import pytest

from modpkg.cli.command import Command
from modpkg.cli.commands.directories import edit_image, list_images, remove_image
from modpkg.cli.commands.images import show_image
from modpkg.cli.options import Session
from modpkg.errors import BadInputError
from tests.support.checkout import Checkout
from tests.support.directories import LETTERS, made_image
from tests.support.sessions import called, session_of

OTHER = "xzwvtsrqpn"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout.made(tmp_path)


@pytest.fixture
def session(checkout: Checkout) -> Session:
    """Give a session with two images of one name."""
    made_image(checkout.root / "build/images", f"12.0.3-66.{LETTERS}")
    made_image(checkout.root / "build/images", f"12.0.3-67.{OTHER}")
    return session_of(checkout)


def test_images_are_listed(session: Session) -> None:
    found = called(list_images, session)
    assert [(image.name, image.version) for image in found] == [
        ("compute", f"12.0.3-67.{OTHER}"),
        ("compute", f"12.0.3-66.{LETTERS}"),
    ]


def test_where_nothing_was_built_there_is_nothing(checkout: Checkout) -> None:
    assert called(list_images, session_of(checkout)) == []


@pytest.mark.parametrize("name", [LETTERS, f"12.0.3-66.{LETTERS}", "12.0.3-66"])
def test_an_image_is_shown_by_fingerprint_and_version(session: Session, name: str) -> None:
    assert called(show_image, session, name).version == f"12.0.3-66.{LETTERS}"


def test_an_image_that_could_be_two_is_told(session: Session) -> None:
    with pytest.raises(BadInputError, match="2 begin so"):
        called(show_image, session, "12.0.3")


def test_a_dry_run_of_a_removal_removes_nothing(session: Session) -> None:
    result = called(remove_image, session, LETTERS, dry_run=True)
    assert (result.removed, result.directory.exists()) == (False, True)
    result = called(remove_image, session, LETTERS)
    assert (result.removed, result.directory.exists()) == (True, False)


def test_the_newest_is_removed_by_force_alone(session: Session) -> None:
    with pytest.raises(BadInputError, match="it is the newest image"):
        called(remove_image, session, "compute")
    assert called(remove_image, session, "compute", force=True).removed
    assert [image.version for image in called(list_images, session)] == [f"12.0.3-66.{LETTERS}"]


def test_a_file_of_a_site_is_taken_from_a_file(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("hello\n")
    result = called(edit_image, session_of(checkout), "compute", "/etc/motd", from_=str(tmp_path / "motd"))
    assert result.next == ("invoke build-image compute",)
    assert result.file == checkout.path("site/compute/etc/motd")
    assert result.file.read_text() == "hello\n"


def test_a_file_of_a_site_is_taken_from_standard_input(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xffhello\n")))
    result = called(edit_image, session_of(checkout), "compute", "/etc/motd", from_="-", common=True)
    assert result.file == checkout.path("site/common/etc/motd")
    assert result.file.read_bytes() == b"\xffhello\n"


def test_a_dry_run_opens_no_editor(checkout: Checkout) -> None:
    session = session_of(checkout, EDITOR="false")
    result = called(edit_image, session, "compute", "/etc/motd", dry_run=True)
    assert (result.changed, result.written) == (True, False)
    assert not checkout.path("site").exists()


def test_a_content_that_cannot_be_read_is_told(checkout: Checkout, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="No such file"):
        called(edit_image, session_of(checkout), "compute", "/etc/motd", from_=str(tmp_path / "none"))


def test_a_database_has_another_way(checkout: Checkout) -> None:
    with pytest.raises(BadInputError) as caught:
        called(edit_image, session_of(checkout), "compute", "/etc/shadow", from_="-")
    assert "root-password" in caught.value.hint


@pytest.mark.parametrize("command", [edit_image, remove_image])
def test_a_dry_run_has_its_short_flag(command: Command) -> None:
    flags = {argument.name: argument.names for argument in command.get_arguments()}
    assert flags["dry_run"] == ("dry-run", "n")


def test_to_remove_what_is_not_there_is_no_reason_to_build_it(checkout: Checkout) -> None:
    with pytest.raises(BadInputError, match="cannot find an image 'zzz'") as caught:
        called(remove_image, session_of(checkout), "zzz")
    assert caught.value.hint == "there is nothing to remove: invoke images lists what was built"
