from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.image.view import Shown, opened
from modpkg.squashfs.pack import Settings, pack_tree, unpack
from tests.support.stack import make_module, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.module import Module

pytestmark = pytest.mark.programs
FILE = "file 0644 0 0 1 x"
TEXTS = {
    "core": {"etc/os-release": "core", "usr/lib/liba.so": "a", "usr/bin/x": "x of core"},
    "tools": {"usr/bin/x": "x of tools"},
}


@pytest.fixture
def modules(tmp_path: Path) -> list[tuple[Module, Path]]:
    """Give two modules, the lower first, with their fragments."""
    found = []
    for name, texts in TEXTS.items():
        write_files(tmp_path / name, texts)
        fragment = tmp_path / f"{name}.squashfs"
        pack_tree(tmp_path / name, fragment, Settings(level=1, block_size=131072, time=0))
        found.append(
            (make_module(name, paths={**dict.fromkeys(texts, FILE), "usr": "dir 0755 0 0"}), fragment)
        )
    return found


def test_the_topmost_module_shows_a_path(modules: list[tuple[Module, Path]]) -> None:
    with opened(*zip(*modules, strict=True)) as view:
        assert view.read("etc/os-release") == b"core"
        assert view.read("usr/bin/x") == b"x of tools"


@pytest.mark.parametrize("path", ["usr/bin/none", "usr"])
def test_what_is_no_file_is_not_found(modules: list[tuple[Module, Path]], path: str) -> None:
    with opened(*zip(*modules, strict=True)) as view, pytest.raises(FileNotFoundError, match=path):
        view.read(path)


def test_files_are_taken_out_by_themselves(modules: list[tuple[Module, Path]], tmp_path: Path) -> None:
    with opened(*zip(*modules, strict=True)) as view:
        view.extract(["usr/lib/liba.so", "usr/bin/x"], tmp_path / "out")
    found = {
        str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()
    }
    assert found == {"usr/lib/liba.so", "usr/bin/x"}


def test_what_is_no_library_is_outlined_whole(modules: list[tuple[Module, Path]], tmp_path: Path) -> None:
    with opened(*zip(*modules, strict=True)) as view:
        view.outline(["usr/lib/liba.so", "usr/bin/x"], tmp_path / "out")
    assert (tmp_path / "out/usr/lib/liba.so").read_bytes() == b"a"
    assert (tmp_path / "out/usr/bin/x").read_bytes() == b"x of tools"


def test_the_glue_comes_first(modules: list[tuple[Module, Path]], tmp_path: Path) -> None:
    write_files(tmp_path / "glue", {"etc/os-release": "glue"})
    with opened(*zip(*modules, strict=True)) as view:
        shown = Shown(view=view, glue=tmp_path / "glue")
        assert shown.read("etc/os-release") == b"glue"
        assert shown.read("usr/lib/liba.so") == b"a"
        assert shown.where("usr/x") == "/usr/x of the image"


def test_a_damaged_fragment_is_named_by_its_module(modules: list[tuple[Module, Path]]) -> None:
    modules[1][1].write_bytes(b"hsqs")
    with opened(*zip(*modules, strict=True)) as view, pytest.raises(Exception, match="fragment of tools"):
        view.read("usr/bin/x")


def test_carved_files_are_a_squashfs_of_their_own_with_the_blocks_of_the_fragments(
    modules: list[tuple[Module, Path]], tmp_path: Path
) -> None:
    with opened(*zip(*modules, strict=True)) as view:
        assert view.below("usr") == ("usr/bin/x", "usr/lib/liba.so")
        view.carve(["usr/bin/x", "usr/lib/liba.so"], tmp_path / "carved")
        view.carve(["usr/bin/x", "usr/lib/liba.so"], tmp_path / "again")
        with pytest.raises(FileNotFoundError, match="usr/none"):
            view.carve(["usr/none"], tmp_path / "none")
    assert (tmp_path / "carved").read_bytes() == (tmp_path / "again").read_bytes()
    unpack(tmp_path / "carved", tmp_path / "tree")
    found = {str(path.relative_to(tmp_path / "tree")): path for path in (tmp_path / "tree").rglob("*")}
    assert {name for name, path in found.items() if path.is_file()} == {"usr/bin/x", "usr/lib/liba.so"}
    # The topmost module's, as a node would see it.
    assert found["usr/bin/x"].read_text() == "x of tools"


def test_links_are_carved_with_what_they_lead_to(tmp_path: Path) -> None:
    write_files(tmp_path / "tree", {"usr/fw/card-2.bin": "program", "usr/fw/other": "x"})
    (tmp_path / "tree/usr/fw/card.bin").symlink_to("card-2.bin")
    fragment = tmp_path / "firmware.squashfs"
    pack_tree(tmp_path / "tree", fragment, Settings(level=1, block_size=131072, time=0))
    lines = {
        "usr/fw/card-2.bin": FILE,
        "usr/fw/other": FILE,
        "usr/fw/card.bin": "symlink 0777 0 0 card-2.bin",
    }
    with opened([make_module("firmware", paths=lines)], [fragment]) as view:
        assert view.chain("usr/fw/none.bin") == ()
        view.carve(view.chain("usr/fw/card.bin"), tmp_path / "carved")
    unpack(tmp_path / "carved", tmp_path / "out")
    assert {path.name: path.read_text() for path in (tmp_path / "out/usr/fw").iterdir()} == {
        "card.bin": "program",
        "card-2.bin": "program",
    }


def test_a_damaged_file_is_told_with_module_and_fragment(tmp_path: Path) -> None:
    kernel = random.Random(1).randbytes(300_000)  # noqa: S311 - what no compressor makes smaller
    path = "boot/vmlinuz-6.1.0"
    (tmp_path / "tree/boot").mkdir(parents=True)
    (tmp_path / "tree" / path).write_bytes(kernel)
    fragment = tmp_path / "kernel.squashfs"
    pack_tree(tmp_path / "tree", fragment, Settings(level=1, block_size=131072, time=0))
    wanted = hashlib.sha256(kernel).hexdigest()
    module = make_module("kernel", paths={path: f"file 0644 0 0 {len(kernel)} {wanted}"})
    with opened([module], [fragment]) as view:
        view.check(path, hashlib.sha256(view.read(path)).hexdigest())
    content = bytearray(fragment.read_bytes())
    content[content.index(kernel[1000:1100])] ^= 1
    fragment.write_bytes(content)
    with opened([module], [fragment]) as view:
        found = hashlib.sha256(view.read(path)).hexdigest()
        with pytest.raises(BadInputError) as caught:
            view.check(path, found)
    assert str(caught.value) == (
        f"{fragment}: cannot use the fragment of kernel: it is damaged: the sha256 of /{path} is {found}, "
        f"its module.json says {wanted}\n  hint: remove that file: it is taken from the module's package again"
    )
