"""The layers of an image directory: links to the store, and the list that a node follows."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.image.job import Assembled
from modpkg.model.image import ImageFile
from modpkg.pipeline.put_layers import layers_of, put_layers
from modpkg.store.store import Store
from tests.support.stack import lower, make_module

if TYPE_CHECKING:
    from modpkg.model.module import Module

NAMES = ("00-core.squashfs", "01-tools.squashfs", "02-glue.squashfs")
GLUE = ImageFile(size=4, sha256=hashlib.sha256(b"glue").hexdigest())
LAYERED = Assembled(files={}, kernel="6.1.0", layers=NAMES, known={NAMES[2]: GLUE})
FLAT = Assembled(files={}, kernel="6.1.0")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def stored(store: Store, name: str, **fields: object) -> Module:
    with store.scratch() as scratch:
        (scratch / "f").write_text(name)
        digest = store.add(scratch / "f").sha256
    fragment = make_module(name).fragment.model_copy(update={"sha256": digest})
    return make_module(name, fragment=fragment, **fields)


@pytest.fixture
def modules(store: Store) -> tuple[Module, ...]:
    core = stored(store, "core")
    return (stored(store, "tools", depends=(lower(core),)), core)


def test_layers_are_the_modules_in_their_order(store: Store, modules: tuple[Module, ...]) -> None:
    found = layers_of(modules, LAYERED, store=store)
    assert {name: path.read_text() for name, path in found.items()} == {NAMES[0]: "core", NAMES[1]: "tools"}
    assert layers_of(modules, FLAT, store=store) == {}


def test_the_list_has_every_layer_with_its_digest(
    store: Store, modules: tuple[Module, ...], tmp_path: Path
) -> None:
    directory = tmp_path / "image"
    directory.mkdir()
    (directory / NAMES[2]).write_text("glue")
    fragments = layers_of(modules, LAYERED, store=store)
    put_layers(fragments, LAYERED, directory)
    lines = [line.split("  ") for line in (directory / "layers").read_text().splitlines()]
    assert [name for _, name in lines] == list(NAMES)
    for digest, name in lines:
        assert hashlib.sha256((directory / name).read_bytes()).hexdigest() == digest
    assert all((directory / name).samefile(path) for name, path in fragments.items())


def test_on_another_file_system_they_are_copied(
    store: Store, modules: tuple[Module, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(18, "Invalid cross-device link", str(self), None, str(target))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    (tmp_path / NAMES[2]).write_text("glue")
    put_layers(layers_of(modules, LAYERED, store=store), LAYERED, tmp_path)
    assert (tmp_path / NAMES[0]).read_text() == "core"
    assert (tmp_path / NAMES[0]).stat().st_nlink == 1


def test_a_flat_image_has_no_list(tmp_path: Path) -> None:
    put_layers({}, FLAT, tmp_path)
    assert list(tmp_path.iterdir()) == []
