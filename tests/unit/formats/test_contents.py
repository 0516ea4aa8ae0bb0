from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import pytest

from modpkg.formats.contents import check_files
from modpkg.formats.yaml import parse
from modpkg.model.recipe import Content, Recipe

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "module"
    (folder / "tree/below").mkdir(parents=True)
    (folder / "file").write_text("")
    (folder / "tree/file").write_text("")
    (tmp_path / "secret").write_text("")
    (folder / "inner-link").symlink_to("file")
    (folder / "outer-link").symlink_to("../secret")
    (folder / "dangling-link").symlink_to("nothing")
    (folder / "tree/shipped-link").symlink_to("/etc/hostname")
    (folder / "loop").symlink_to("loop")
    return folder


def found(folder: Path, *contents: Content, scripts: tuple[str, ...] = ()) -> list[str]:
    recipe = Recipe.model_construct(contents=contents, scripts=scripts)
    parsed = parse("contents: []", file="f")
    return [p.message.replace(str(folder), "FOLDER") for p in check_files(recipe, parsed, folder)]


@pytest.mark.parametrize("src", ["file", "./file", "inner-link", "tree/file"])
def test_files_inside_are_good(folder: Path, src: str) -> None:
    assert found(folder, Content(src=src, dst="/x")) == []


def test_a_tree_may_hold_links_to_anywhere_as_they_are_shipped_as_links(folder: Path) -> None:
    assert found(folder, Content(src="tree", dst="/x", type="tree")) == []


def test_a_tree_holds_neither_pipes_nor_sockets_nor_devices(folder: Path) -> None:
    os.mkfifo(folder / "tree/below/pipe")
    message = "contents[0].src: FOLDER/tree/below/pipe is no file, no directory and no symbolic link"
    assert found(folder, Content(src="tree", dst="/x", type="tree")) == [message]


@pytest.mark.parametrize("kind", ["file", "tree"])
def test_a_pipe_is_no_source(folder: Path, kind: Literal["file", "tree"]) -> None:
    os.mkfifo(folder / "pipe")
    (message,) = found(folder, Content(src="pipe", dst="/x", type=kind))
    assert message == f"contents[0].src: FOLDER/pipe is not a {'file' if kind == 'file' else 'directory'}"


def test_what_a_tree_would_put_where_no_module_holds_anything(folder: Path) -> None:
    (folder / "tree/hostname").write_text("")
    (folder / "tree/below/__pycache__").mkdir()
    (message,) = found(folder, Content(src="tree", dst="/etc", type="tree"))
    assert message.startswith(
        "contents[0].src: FOLDER/tree/hostname would be /etc/hostname, which is left out"
    )


def test_the_target_of_a_symlink_is_a_path_of_the_image(folder: Path) -> None:
    assert found(folder, Content(src="/usr/lib/anything", dst="/x", type="symlink")) == []


@pytest.mark.parametrize(
    ("src", "message"),
    [
        ("/etc/passwd", "'/etc/passwd' is absolute"),
        ("../secret", "'../secret' leaves the recipe's folder"),
        ("tree/../../secret", "'tree/../../secret' leaves the recipe's folder"),
        (
            "outer-link",
            "FOLDER/outer-link is or goes through a symbolic link that leaves the recipe's folder",
        ),
        ("dangling-link", "FOLDER/dangling-link does not exist"),
        ("loop", "FOLDER/loop is a symbolic link that leads to itself"),
        ("nothing", "FOLDER/nothing does not exist"),
        ("tree", "FOLDER/tree is not a file"),
        ("file/below", "FOLDER/file/below does not exist"),
        ("n" * 300, f"cannot look at FOLDER/{'n' * 300}: File name too long"),
    ],
)
def test_other_paths_are_told(folder: Path, src: str, message: str) -> None:
    assert found(folder, Content(src=src, dst="/x")) == [f"contents[0].src: {message}"]
    assert found(folder, scripts=(src,)) == [f"scripts[0]: {message}"]


def test_a_file_is_no_tree(folder: Path) -> None:
    assert found(folder, Content(src="file", dst="/x", type="tree")) == [
        "contents[0].src: FOLDER/file is not a directory"
    ]
