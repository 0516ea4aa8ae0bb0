from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.model.repository import Places
from modpkg.pipeline.pins import read_pins
from tests.support.repos import pin

if TYPE_CHECKING:
    from pathlib import Path

A, B = "a" * 64, "b" * 64


def test_what_locks_name_is_known_with_the_images(tmp_path: Path) -> None:
    places = Places(tmp_path)
    pin(places, "compute", [A, B])
    pin(places, "storage", [A])
    assert read_pins([places.pins]) == {A: ("compute", "storage"), B: ("compute",)}


def test_folders_that_are_not_there_name_nothing(tmp_path: Path) -> None:
    assert read_pins([tmp_path / "none"]) == {}


def test_a_lock_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    places = Places(tmp_path)
    pin(places, "compute", [A])
    (places.pins / "broken.lock").write_text("{")
    with pytest.raises(BadInputError) as caught:
        read_pins([places.pins])
    assert caught.value.where.endswith("broken.lock")


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.symlink_to("images")
    for _ in range(2):
        with pytest.raises(BadInputError, match="cannot tell which packages are pinned"):
            read_pins([folder])
        folder.unlink()
        folder.write_text("a file")
    folder.unlink()
    folder.symlink_to("nowhere")
    with pytest.raises(BadInputError, match="cannot tell which packages are pinned"):
        read_pins([folder])
