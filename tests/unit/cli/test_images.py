from pathlib import Path

import pytest

from modpkg.cli.images import find_image, parse_ways, read_image
from modpkg.errors import BadInputError
from modpkg.formats.canonical import write_record
from modpkg.image.job import Ways
from modpkg.model.image import Image, ImageDirectory, ImageFile, ImageModule

LETTERS = "cbdppkwfzz"


def make_image(images: Path, version: str, *, name: str = "compute") -> Path:
    directory = images / f"{name}_{version.rsplit(':', maxsplit=1)[-1]}_amd64"
    module = ImageModule(name="core", version="12.0.3-41", fragment="ab" * 32, size=44_000_000)
    about = ImageDirectory(
        name=name,
        image=Image(version=version, platform="bookworm", architecture="amd64", modules=(module,)),
        kernel="6.1.0-42-amd64",
        kernel_arguments=(),
        files={"root.squashfs": ImageFile(size=60_000_000, sha256="cd" * 32)},
        waits_for_site=(),
        tests={},
    )
    write_record(directory / "image.json", about)
    return directory


def test_of_several_versions_the_highest_is_meant(tmp_path: Path) -> None:
    make_image(tmp_path, f"12.0.3-9.{LETTERS}")
    newest = make_image(tmp_path, f"12.0.3-67.{LETTERS}")
    make_image(tmp_path, f"9.9.9-99.{LETTERS}")
    assert find_image(tmp_path, "compute") == newest


def test_a_raised_epoch_is_higher_than_any_version(tmp_path: Path) -> None:
    make_image(tmp_path, f"12.0.3-67.{LETTERS}")
    rolled_back = make_image(tmp_path, f"1:12.0.2-60.{LETTERS}")
    assert find_image(tmp_path, "compute") == rolled_back


def test_images_of_other_names_are_not_meant(tmp_path: Path) -> None:
    mine = make_image(tmp_path, f"1.0.0-1.{LETTERS}")
    make_image(tmp_path, f"12.0.3-67.{LETTERS}", name="compute-gpu")
    assert find_image(tmp_path, "compute") == mine


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    directory = make_image(tmp_path, f"1.0.0-1.{LETTERS}")
    assert find_image(tmp_path / "elsewhere", str(directory)) == directory


def test_a_directory_that_is_being_made_is_not_seen(tmp_path: Path) -> None:
    make_image(tmp_path / ".compute.x7", f"1.0.0-1.{LETTERS}")
    with pytest.raises(BadInputError):
        find_image(tmp_path, "compute")


def test_an_image_that_was_never_built_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        find_image(tmp_path, "compute")
    assert str(caught.value) == (
        f"{tmp_path}: cannot find an image 'compute'\n  hint: build it: invoke build-image compute"
    )


def test_a_misspelt_image_is_guessed(tmp_path: Path) -> None:
    make_image(tmp_path, f"1.0.0-1.{LETTERS}")
    with pytest.raises(BadInputError, match="did you mean 'compute'"):
        find_image(tmp_path, "comptue")


def test_a_folder_without_image_json_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"cannot find image\.json"):
        read_image(tmp_path)


def test_a_damaged_image_is_in_the_way_of_no_other(tmp_path: Path) -> None:
    damaged = make_image(tmp_path, f"1.0.0-1.{LETTERS}", name="storage")
    (damaged / "image.json").write_text("{")
    mine = make_image(tmp_path, f"1.0.0-1.{LETTERS}")
    assert find_image(tmp_path, "compute") == mine
    with pytest.raises(BadInputError, match=f"hint: remove {damaged} and build the image again"):
        find_image(tmp_path, "storage")


def test_ways_are_read_by_their_words() -> None:
    assert parse_ways("recompress", "full") == Ways(merge="recompress", verify="full")
    assert parse_ways("splice", "list") == Ways()


@pytest.mark.parametrize(
    ("merge", "verify", "what", "hint"),
    [
        ("splcie", "list", "no way 'splcie' of --merge", "did you mean 'splice'?"),
        ("splice", "everything", "no way 'everything' of --verify", "known: full, list"),
    ],
)
def test_an_unknown_way_is_refused_with_what_there_is(merge: str, verify: str, what: str, hint: str) -> None:
    with pytest.raises(BadInputError, match=what) as raised:
        parse_ways(merge, verify)
    assert raised.value.hint == hint
