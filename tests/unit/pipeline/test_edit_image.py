from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError, DocumentError, ModpkgError
from modpkg.events import Event, Warned
from modpkg.host.run import run
from modpkg.pipeline.edit_image import Edited, Place, Wanted, by_editor, edit, find_place, taken_from
from tests.support.checkout import Checkout
from tests.support.directories import LETTERS, made_image
from tests.support.stack import write_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.programs


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout.made(tmp_path)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Give a folder with an image whose root has some files."""
    tree = write_files(tmp_path / "tree", {"etc/motd": "vanilla\n", "usr/bin/x": "#!/bin/sh\n"})
    (tree / "usr/bin/x").chmod(0o755)
    (tree / "etc/link").symlink_to("motd")
    (tree / "etc/secret").write_bytes(b"\xff\0")
    (tree / "etc/secret").chmod(0o400)
    directory = made_image(tmp_path / "images", f"1.0.0-1.{LETTERS}")
    run(["mksquashfs", tree, directory / "root.squashfs", "-quiet", "-no-progress"])
    return directory.parent


def place(checkout: Checkout, images: Path, path: str, *, common: bool = False) -> Place:
    wanted = Wanted(image="compute", path=path, common=common)
    return find_place(checkout.catalogue(), wanted, images=images)


def put(checkout: Checkout, found: Place, text: str, *, dry_run: bool = False) -> Edited:
    return edit(found, taken_from(text.encode()), recipes=checkout.recipes, dry_run=dry_run)


def test_the_content_comes_from_the_image_and_goes_to_the_site(checkout: Checkout, images: Path) -> None:
    found = place(checkout, images, "/etc/motd")
    assert found.before.data == b"vanilla\n"
    assert found.before.origin == str(images / f"compute_1.0.0-1.{LETTERS}_amd64/root.squashfs")
    assert found.images == ("compute",)
    assert put(checkout, found, "mine\n").changed
    assert checkout.path("site/compute/etc/motd").read_text() == "mine\n"
    assert sorted(path.name for path in images.iterdir()) == [f"compute_1.0.0-1.{LETTERS}_amd64"]


def test_a_second_time_it_comes_from_the_site(checkout: Checkout, images: Path) -> None:
    put(checkout, place(checkout, images, "/etc/motd"), "mine\n")
    again = place(checkout, images, "/etc/motd")
    assert again.before.data == b"mine\n"
    assert not put(checkout, again, "mine\n").changed


def test_of_one_image_it_begins_as_that_of_all(checkout: Checkout, images: Path) -> None:
    put(checkout, place(checkout, images, "/etc/motd", common=True), "common\n")
    assert checkout.path("site/common/etc/motd").read_text() == "common\n"
    assert place(checkout, images, "/etc/motd").before.data == b"common\n"
    assert place(checkout, images, "/etc/motd").file == checkout.path("site/compute/etc/motd")


def test_all_images_are_named_for_what_is_common(checkout: Checkout, images: Path) -> None:
    text = checkout.path("images/compute.yaml").read_text()
    checkout.path("images/batch.yaml").write_text(text.replace("name: compute", "name: batch"))
    assert place(checkout, images, "/etc/motd", common=True).images == ("batch", "compute")


@pytest.mark.parametrize(
    ("path", "mode"), [("/usr/bin/x", 0o755), ("/etc/motd", 0o644), ("/etc/secret", 0o644)]
)
def test_a_program_stays_one(checkout: Checkout, images: Path, path: str, mode: int) -> None:
    found = place(checkout, images, path)
    put(checkout, found, "new")
    assert found.file.stat().st_mode & 0o777 == mode


def test_bytes_that_are_no_text_stay(checkout: Checkout, images: Path) -> None:
    assert place(checkout, images, "/etc/secret").before.data == b"\xff\0"


def test_a_new_file_begins_empty(checkout: Checkout, images: Path) -> None:
    found = place(checkout, images, "/opt/site/x")
    assert (found.before.data, found.before.origin) == (b"", "nowhere: the file is new")


def test_without_an_image_it_begins_empty_and_that_is_said(checkout: Checkout, tmp_path: Path) -> None:
    events: list[Event] = []
    wanted = Wanted(image="compute", path="/etc/motd")
    found = find_place(checkout.catalogue(), wanted, images=tmp_path / "none", sink=events.append)
    assert found.before.data == b""
    (warned,) = events
    assert isinstance(warned, Warned)
    assert warned.hint == "invoke build-image compute"


def test_a_dry_run_writes_nothing(checkout: Checkout, images: Path) -> None:
    assert put(checkout, place(checkout, images, "/etc/motd"), "mine\n", dry_run=True).changed
    assert not checkout.path("site").exists()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("etc/motd", "not the path of a file in an image"),
        ("/", "not the path of a file in an image"),
        ("/etc/../motd", "not the path of a file in an image"),
        ("/etc/motd/", "not the path of a file in an image"),
        ("/etc//motd", "not the path of a file in an image"),
        ("/etc/shadow", "write the hash as `root-password`"),
        ("/etc/passwd", "accounts come from modules"),
        ("/var/lib/dpkg/status", "change a module"),
        ("/etc/hostname", "it belongs to a node"),
        ("/etc/link", "it is a link to motd"),
        ("/etc", "it is a directory of the image"),
    ],
)
def test_a_path_that_cannot_be_edited_says_why(
    checkout: Checkout, images: Path, path: str, reason: str
) -> None:
    with pytest.raises(BadInputError) as caught:
        place(checkout, images, path)
    assert reason in str(caught.value)


def test_an_image_that_is_not_there_is_guessed(checkout: Checkout, images: Path) -> None:
    with pytest.raises(BadInputError, match="did you mean 'compute'"):
        find_place(checkout.catalogue(), Wanted(image="comptue", path="/etc/motd"), images=images)


@pytest.mark.parametrize("break_it", ["link", "file", "directory"])
def test_what_lies_in_the_way_is_told(checkout: Checkout, images: Path, break_it: str) -> None:
    folder = checkout.path("site/compute")
    breaks: dict[str, Callable[[], object]] = {
        "link": lambda: (folder / "etc").symlink_to("/etc"),
        "file": lambda: (folder / "etc").write_text("x"),
        "directory": lambda: (folder / "etc/motd").mkdir(parents=True),
    }
    folder.mkdir(parents=True)
    breaks[break_it]()
    with pytest.raises(BadInputError, match=r"it is no (directory|file)"):
        place(checkout, images, "/etc/motd")


def test_a_fault_of_the_documents_takes_the_edit_back(checkout: Checkout, images: Path) -> None:
    write_files(checkout.recipes, {"site/compute.yaml": "resolver: {nameservers: [10.0.0.1]}\n"})
    found = place(checkout, images, "/etc/resolv.conf")
    with pytest.raises(DocumentError, match="1 problem"):
        put(checkout, found, "nameserver 10.0.0.2\n")
    assert not found.file.exists()


def test_an_edit_that_is_taken_back_leaves_what_was_there(checkout: Checkout, images: Path) -> None:
    write_files(checkout.recipes, {"site/compute/etc/resolv.conf": "old\n"})
    found = place(checkout, images, "/etc/resolv.conf")
    write_files(checkout.recipes, {"site/compute.yaml": "resolver: {nameservers: [10.0.0.1]}\n"})
    with pytest.raises(DocumentError):
        put(checkout, found, "new\n")
    assert found.file.read_text() == "old\n"


@pytest.mark.parametrize("variable", ["VISUAL", "EDITOR"])
def test_a_person_edits_with_the_editor_of_the_environment(
    checkout: Checkout, images: Path, tmp_path: Path, variable: str
) -> None:
    program = tmp_path / "my editor"
    program.write_text(f'#!/bin/sh\nprintf "%s" "$1 ${{2##*/}} $MARK" >{tmp_path}/seen\necho added >>"$2"\n')
    program.chmod(0o755)
    environ = {
        variable: f"'{program}' --wait",
        "MARK": "x",
        "PATH": "/usr/bin:/bin",
        "TMPDIR": str(tmp_path / "t"),
    }
    found = place(checkout, images, "/etc/motd")
    assert edit(found, by_editor(environ), recipes=checkout.recipes).changed
    assert found.file.read_text() == "vanilla\nadded\n"
    assert (tmp_path / "seen").read_text() == "--wait motd x"
    assert list((tmp_path / "t").iterdir()) == []


@pytest.mark.parametrize(
    ("editor", "reason"), [("false", "ended with status 1"), ("/nowhere/vi", "cannot start")]
)
def test_an_editor_that_fails_changes_nothing(
    checkout: Checkout, images: Path, tmp_path: Path, editor: str, reason: str
) -> None:
    found = place(checkout, images, "/etc/motd")
    environ = {"EDITOR": editor, "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    with pytest.raises(ModpkgError, match=reason):
        edit(found, by_editor(environ), recipes=checkout.recipes)
    assert not found.file.exists()
