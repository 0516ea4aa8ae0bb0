from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.formats.canonical import write_record
from modpkg.model.module import Module
from modpkg.pipeline.find_image import ImagePlaces, find_built, find_image
from tests.support.images import make_image_directory, make_image_lock
from tests.support.stack import make_module


def stack(revision: int, *, core: str = "12.0.0") -> list[Module]:
    return [make_module("core", version=f"{core}-{revision}"), make_module("kernel")]


@pytest.fixture
def places(tmp_path: Path) -> ImagePlaces:
    """Give three images of two names, and locks of two more."""
    places = ImagePlaces(built=tmp_path / "images", locks=tmp_path / "locks")
    make_image_directory(places.built, stack(1))
    make_image_directory(places.built, stack(2))
    make_image_directory(places.built, stack(9, core="11.9.0"), name="storage")
    write_record(places.locks / "login.lock", make_image_lock(stack(5), name="login"))
    write_record(places.locks / "compute.lock", make_image_lock(stack(3)))
    return places


def message(word: str, places: ImagePlaces) -> str:
    with pytest.raises(BadInputError) as caught:
        find_image(word, places)
    return str(caught.value)


def test_a_name_means_its_newest_image(places: ImagePlaces) -> None:
    found, about = find_built("compute", places)
    assert found.version.startswith("12.0.0-3.")
    assert found.path.parent == places.built
    assert found.about is not None
    assert about.name == "compute"
    assert {one.name: one.version for one in found.wanted} == {"core": "12.0.0-2", "kernel": "12.0.0-1"}


def test_a_name_that_is_not_built_means_its_lock(places: ImagePlaces) -> None:
    found = find_image("login", places)
    assert (found.path.name, found.about) == ("login.lock", None)
    assert found.wanted[0].deb_path == "pool/core.deb"


def test_versions_their_beginnings_and_fingerprints_are_found(places: ImagePlaces) -> None:
    whole = find_image("12.0.0-2", places)
    assert whole.version.startswith("12.0.0-2.")
    assert find_image(whole.version, places) == whole
    assert find_image(whole.version.rpartition(".")[2], places) == whole
    assert find_image("~11.9", places).name == "storage"
    assert find_image("11", places).name == "storage"


def test_a_version_of_a_lock_is_found_where_no_image_has_it(places: ImagePlaces) -> None:
    assert find_image("12.0.0-4", places).path.name == "compute.lock"


def test_a_part_of_a_number_is_no_beginning(places: ImagePlaces) -> None:
    assert "cannot find an image '1'" in message("1", places)


def test_directories_and_locks_are_taken_by_their_paths(places: ImagePlaces) -> None:
    built = next(places.built.glob("storage_*"))
    assert find_image(str(built), places).name == "storage"
    assert find_image(str(places.locks / "login.lock"), places).name == "login"
    assert find_image(built.name, places).path == built


def test_a_version_that_several_images_begin_with_is_refused(places: ImagePlaces) -> None:
    text = message("12.0.0", places)
    assert "cannot choose between 2 images that '12.0.0' may mean:\n    compute_12.0.0-2." in text
    assert "hint: name one by its directory" in text


def test_one_version_under_two_names_is_one_image_to_compare_and_two_to_verify(places: ImagePlaces) -> None:
    make_image_directory(places.built, stack(1), name="twin")
    found = find_image("12.0.0-2", places)
    assert found.version.startswith("12.0.0-2.")
    with pytest.raises(BadInputError, match="cannot choose between 2 images"):
        find_built("12.0.0-2", places)
    assert find_built("twin", places)[0].name == "twin"


def test_an_unknown_image_gets_a_hint(places: ImagePlaces) -> None:
    assert "hint: did you mean 'compute'?" in message("comptue", places)


def test_without_any_image_the_hint_says_how_to_make_one(tmp_path: Path) -> None:
    text = message("compute", ImagePlaces(built=tmp_path / "images", locks=tmp_path / "locks"))
    assert "hint: build one: invoke build-image NAME" in text


def test_a_directory_that_is_none_is_refused(places: ImagePlaces, tmp_path: Path) -> None:
    assert "it has no image.json" in message(str(tmp_path), places)
    assert "there is no such directory" in message("./nothing", places)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "it is not whole JSON"),
        ("{}", "is missing"),
    ],
)
def test_an_image_json_that_cannot_be_read_is_named(places: ImagePlaces, content: str, reason: str) -> None:
    path = next(places.built.glob("storage_*")) / "image.json"
    path.write_text(content)
    text = message("storage", places)
    assert str(path) in text
    assert reason in text
    assert find_image("compute", places).name == "compute", "it is in the way of no other image"


def test_a_version_that_is_none_is_named(places: ImagePlaces) -> None:
    path = next(places.built.glob("storage_*")) / "image.json"
    path.write_text(path.read_text().replace('"version": "11.9.0-10', '"version": "11.9.0-x'))
    assert f"{path}: '11.9.0-x" in message("storage", places)


def test_a_lock_that_cannot_be_read_is_named_when_it_is_asked_for(places: ImagePlaces) -> None:
    (places.locks / "login.lock").write_text("{")
    assert "invoke lock login makes it anew" in message("login", places)
    assert find_image("12.0.0-4", places).name == "compute"


def test_what_is_locked_alone_cannot_be_verified(places: ImagePlaces) -> None:
    with pytest.raises(BadInputError, match="there is its lock alone") as caught:
        find_built("login", places)
    assert caught.value.hint == "build it: invoke build-image login"
