"""Where commands put what they make."""

from pathlib import Path

from modpkg.pipeline.workplace import Workplace


def test_nothing_of_the_demo_lies_where_people_publish_and_build() -> None:
    mine, demo = Workplace(Path("/build")), Workplace(Path("/build")).demo
    places = (demo.repository, demo.images, demo.gnupg, demo.demo_recipes, demo.boot("compute"))
    assert all(place.is_relative_to("/build/demo") for place in places)
    assert mine.repository != demo.repository


def test_the_signing_key_may_lie_elsewhere() -> None:
    place = Workplace(Path("/build"))
    assert place.signing_home({}) == Path("/build/gnupg")
    assert place.signing_home({"MODPKG_GNUPGHOME": "/keys"}) == Path("/keys")
