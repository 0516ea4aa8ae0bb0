import os
from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.events import ignore
from modpkg.pipeline.images import built_images, find_image, plan_removal, read_image, remove_image
from modpkg.store.store import Store
from tests.support.directories import LETTERS, made_image

OTHER = "xzwvtsrqpn"


@pytest.mark.parametrize(
    "name",
    [
        f"12.0.3-66.{LETTERS}",
        "12.0.3-66",
        LETTERS,
        LETTERS[:4],
        f"compute_12.0.3-66.{LETTERS}_amd64",
        "compute_12.0.3-66",
        f"3:12.0.3-66.{LETTERS}",
    ],
)
def test_an_image_is_found_by_version_fingerprint_and_their_beginnings(tmp_path: Path, name: str) -> None:
    mine = made_image(tmp_path, f"12.0.3-66.{LETTERS}")
    made_image(tmp_path, f"12.0.3-67.{OTHER}")
    made_image(tmp_path, f"1.0.0-1.{OTHER[::-1]}", name="storage")
    assert find_image(tmp_path, name) == mine


def test_the_letters_of_a_site_layer_tell_images_apart(tmp_path: Path) -> None:
    made_image(tmp_path, f"12.0.3-66.{LETTERS}")
    mine = made_image(tmp_path, f"12.0.3-66.{LETTERS}", site="qqqqqqqqqq")
    assert find_image(tmp_path, "qqqq") == mine


def test_what_several_begin_with_is_told_with_all_of_them(tmp_path: Path) -> None:
    one = made_image(tmp_path, f"12.0.3-66.{LETTERS}")
    two = made_image(tmp_path, f"12.0.3-67.{OTHER}")
    with pytest.raises(BadInputError) as caught:
        find_image(tmp_path, "12.0")
    assert str(caught.value) == (
        f"{tmp_path}: cannot tell which image '12.0' means: 2 begin so\n"
        f"  hint: write more of one: {one.name}, {two.name}"
    )


def test_of_many_some_are_shown(tmp_path: Path) -> None:
    for number in range(12):
        made_image(tmp_path, f"12.0.3-{60 + number}.{LETTERS}")
    with pytest.raises(BadInputError, match=r"12 begin so") as caught:
        find_image(tmp_path, "12.0")
    assert caught.value.hint.endswith(", ...")
    assert caught.value.hint.count("compute_") == 8


def test_a_name_is_its_newest_even_if_versions_begin_with_it(tmp_path: Path) -> None:
    made_image(tmp_path, f"12.0.3-66.{LETTERS}")
    newest = made_image(tmp_path, f"12.0.3-67.{OTHER}")
    assert find_image(tmp_path, "compute") == newest


def test_of_two_sites_that_built_last_is_the_newest(tmp_path: Path) -> None:
    first = made_image(tmp_path, f"12.0.3-66.{LETTERS}", site="qqqqqqqqqq")
    second = made_image(tmp_path, f"12.0.3-66.{LETTERS}", site="bbbbbbbbbb")
    os.utime(first / "image.json", (2_000_000_000, 2_000_000_000))
    assert find_image(tmp_path, "compute") == first
    os.utime(second / "image.json", (2_100_000_000, 2_100_000_000))
    assert find_image(tmp_path, "compute") == second


def test_images_are_listed_by_name_and_the_newest_first(tmp_path: Path) -> None:
    made_image(tmp_path, f"12.0.3-9.{LETTERS}", files={"root.squashfs": "12345"})
    made_image(tmp_path, f"12.0.3-67.{OTHER}")
    made_image(tmp_path, f"1.0.0-1.{OTHER}", name="batch", site="bbbbbbbbbb")
    (made_image(tmp_path, f"1.0.0-2.{OTHER}", name="broken") / "image.json").write_text("{")
    found = list(built_images(tmp_path))
    assert [(image.about.name, image.about.image.version, image.size) for image in found] == [
        ("batch", f"1.0.0-1.{OTHER}", 0),
        ("compute", f"12.0.3-67.{OTHER}", 0),
        ("compute", f"12.0.3-9.{LETTERS}", 5),
    ]


def test_the_newest_of_a_name_is_not_removed(tmp_path: Path) -> None:
    older = made_image(tmp_path, f"12.0.3-66.{LETTERS}")
    newest = made_image(tmp_path, f"12.0.3-67.{OTHER}")
    with pytest.raises(BadInputError, match="it is the newest image 'compute'") as caught:
        plan_removal(tmp_path, newest, force=False)
    assert caught.value.hint == f"remove an older one ({older.name}), or say --force"
    assert plan_removal(tmp_path, newest, force=True).directory == newest


def test_an_only_image_is_the_newest(tmp_path: Path) -> None:
    only = made_image(tmp_path, f"12.0.3-66.{LETTERS}")
    with pytest.raises(BadInputError, match="newest") as caught:
        plan_removal(tmp_path, only, force=False)
    assert caught.value.hint == "say --force to remove it all the same"


def test_what_others_share_is_not_freed(tmp_path: Path) -> None:
    older = made_image(
        tmp_path, f"12.0.3-66.{LETTERS}", files={"root.squashfs": "x" * 1000, "packages": "y" * 10}
    )
    newest = made_image(tmp_path, f"12.0.3-67.{OTHER}")
    os.link(older / "root.squashfs", newest / "root.squashfs")
    removal = plan_removal(tmp_path, older, force=False)
    assert removal.freed == 10 + (older / "image.json").stat().st_size
    remove_image(removal, store=Store(tmp_path / "store"), sink=ignore)
    assert sorted(path.name for path in tmp_path.iterdir()) == [newest.name, "store"]
    assert (newest / "root.squashfs").read_text() == "x" * 1000


def test_a_removal_that_was_killed_is_in_the_way_of_no_other(tmp_path: Path) -> None:
    older = made_image(tmp_path, f"12.0.3-66.{LETTERS}")
    made_image(tmp_path, f"12.0.3-67.{OTHER}")
    (tmp_path / f".{older.name}.removed/half").mkdir(parents=True)
    remove_image(plan_removal(tmp_path, older, force=False), store=Store(tmp_path / "store"), sink=ignore)
    assert not (tmp_path / f".{older.name}.removed").exists()


def test_a_damaged_image_is_removed_by_force_alone(tmp_path: Path) -> None:
    damaged = made_image(tmp_path, f"12.0.3-66.{LETTERS}")
    (damaged / "image.json").write_text("{")
    with pytest.raises(BadInputError, match="not whole JSON"):
        plan_removal(tmp_path, damaged, force=False)
    assert plan_removal(tmp_path, damaged, force=True).freed == 1


def test_a_folder_that_is_no_image_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    with pytest.raises(BadInputError, match="not an image directory"):
        plan_removal(tmp_path, tmp_path / "thesis", force=True)


def test_of_several_versions_the_highest_is_meant(tmp_path: Path) -> None:
    made_image(tmp_path, f"12.0.3-9.{LETTERS}")
    newest = made_image(tmp_path, f"12.0.3-67.{LETTERS}")
    made_image(tmp_path, f"9.9.9-99.{LETTERS}")
    assert find_image(tmp_path, "compute") == newest


def test_a_raised_epoch_is_higher_than_any_version(tmp_path: Path) -> None:
    made_image(tmp_path, f"12.0.3-67.{LETTERS}")
    rolled_back = made_image(tmp_path, f"1:12.0.2-60.{LETTERS}")
    assert find_image(tmp_path, "compute") == rolled_back


def test_images_of_other_names_are_not_meant(tmp_path: Path) -> None:
    mine = made_image(tmp_path, f"1.0.0-1.{LETTERS}")
    made_image(tmp_path, f"12.0.3-67.{LETTERS}", name="compute-gpu")
    assert find_image(tmp_path, "compute") == mine


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    directory = made_image(tmp_path, f"1.0.0-1.{LETTERS}")
    assert find_image(tmp_path / "elsewhere", str(directory)) == directory


def test_a_directory_that_is_being_made_is_not_seen(tmp_path: Path) -> None:
    made_image(tmp_path / ".compute.x7", f"1.0.0-1.{LETTERS}")
    with pytest.raises(BadInputError):
        find_image(tmp_path, "compute")


def test_an_image_that_was_never_built_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        find_image(tmp_path, "compute")
    assert str(caught.value) == (
        f"{tmp_path}: cannot find an image 'compute'\n  hint: build it: invoke build-image compute"
    )


def test_a_misspelt_image_is_guessed(tmp_path: Path) -> None:
    made_image(tmp_path, f"1.0.0-1.{LETTERS}")
    with pytest.raises(BadInputError, match="did you mean 'compute'"):
        find_image(tmp_path, "comptue")


def test_a_folder_without_image_json_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"cannot find image\.json"):
        read_image(tmp_path)


def test_a_damaged_image_is_in_the_way_of_no_other(tmp_path: Path) -> None:
    damaged = made_image(tmp_path, f"1.0.0-1.{LETTERS}", name="storage")
    (damaged / "image.json").write_text("{")
    mine = made_image(tmp_path, f"1.0.0-1.{LETTERS}")
    assert find_image(tmp_path, "compute") == mine
    with pytest.raises(BadInputError, match=f"hint: remove {damaged} and build the image again"):
        find_image(tmp_path, "storage")
