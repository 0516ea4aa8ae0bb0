from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.formats.canonical import write_record
from modpkg.pipeline.platform_lock import Wish, load_platform_lock, lock_path
from tests.support.checkout import PLATFORM, Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout.made(tmp_path)


def wish(checkout: Checkout) -> Wish:
    return Wish.of(checkout.catalogue(), PLATFORM)


def load(checkout: Checkout) -> object:
    return load_platform_lock(lock_path(checkout.recipes, PLATFORM), wish(checkout))


def test_a_wish_is_what_each_module_asks_for_and_lies_on(checkout: Checkout) -> None:
    found = [(one.module, one.packages, one.below) for one in wish(checkout).requests]
    assert found == [
        ("core", ("systemd", "udev"), ()),
        ("kernel", ("linux-image-amd64",), ("core",)),
        ("slurm", ("slurmd", "munge"), ("core", "kernel")),
    ]


def test_modules_of_other_platforms_ask_for_nothing(checkout: Checkout) -> None:
    text = checkout.path("platforms/bookworm.yaml").read_text().replace("name: bookworm", "name: trixie")
    checkout.path("platforms/trixie.yaml").write_text(text)
    assert Wish.of(checkout.catalogue(), "trixie").requests == ()


def test_the_lock_lies_beside_its_platform(checkout: Checkout) -> None:
    assert lock_path(checkout.recipes, PLATFORM) == checkout.path("platforms/bookworm.lock")


def test_a_lock_of_this_wish_is_given(checkout: Checkout) -> None:
    lock = checkout.write_lock()
    assert load(checkout) == lock


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}', '{"format": 1}'])
def test_a_lock_that_cannot_be_read_says_what_makes_it(checkout: Checkout, text: str) -> None:
    checkout.path("platforms/bookworm.lock").write_text(text)
    with pytest.raises(BadInputError) as caught:
        load(checkout)
    assert caught.value.where == str(checkout.path("platforms/bookworm.lock"))
    assert caught.value.hint == "invoke lock-platform bookworm makes it"


def test_a_lock_of_another_wish_is_stale(checkout: Checkout) -> None:
    lock = checkout.lock().model_copy(update={"inputs": "0" * 64})
    write_record(lock_path(checkout.recipes, PLATFORM), lock)
    with pytest.raises(BadInputError) as caught:
        load(checkout)
    assert str(caught.value) == (
        f"{checkout.path('platforms/bookworm.lock')}: cannot use this lock: it is stale, as the platform's "
        "sources or what recipes ask for changed\n  hint: invoke lock-platform bookworm renews it"
    )


def test_a_new_module_makes_a_lock_stale(checkout: Checkout) -> None:
    checkout.write_lock()
    checkout.add("alpha")
    with pytest.raises(BadInputError, match="it is stale"):
        load(checkout)
