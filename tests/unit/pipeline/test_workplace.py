from pathlib import Path

import pytest

from modpkg.pipeline.workplace import Workplace

PLACE = Workplace(Path("/work"))


def test_everything_made_lies_below_the_work_directory() -> None:
    paths = (
        PLACE.repository,
        PLACE.images,
        PLACE.gnupg,
        PLACE.demo_recipes,
        PLACE.boot("compute"),
        PLACE.scratch("lock"),
        PLACE.places.www,
    )
    assert all(path.is_relative_to("/work") for path in paths)
    assert len(set(paths)) == len(paths)


def test_the_key_lies_where_no_client_of_the_repository_looks() -> None:
    assert not PLACE.gnupg.is_relative_to(PLACE.repository)


def test_images_boots_and_purposes_are_kept_apart() -> None:
    assert PLACE.boot("a") != PLACE.boot("b")
    assert PLACE.scratch("a") != PLACE.scratch("b")


def test_the_parts_of_the_repository_are_those_of_its_directory() -> None:
    assert PLACE.places.root == PLACE.repository


@pytest.mark.parametrize(
    ("environ", "home"),
    [({}, "/work/gnupg"), ({"MODPKG_GNUPGHOME": ""}, "/work/gnupg"), ({"MODPKG_GNUPGHOME": "/k"}, "/k")],
)
def test_a_signing_home_may_be_named(environ: dict[str, str], home: str) -> None:
    assert PLACE.signing_home(environ) == Path(home)


def test_naming_paths_makes_none(tmp_path: Path) -> None:
    place = Workplace(tmp_path / "build")
    assert place.scratch("x").parent.parent == tmp_path / "build"
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_the_demo_lies_where_people_publish_and_build() -> None:
    demo = PLACE.demo
    places = (demo.repository, demo.images, demo.gnupg, demo.demo_recipes, demo.boot("compute"))
    assert all(place.is_relative_to("/work/demo") for place in places)
    assert PLACE.repository != demo.repository
