from __future__ import annotations

import os
from typing import TYPE_CHECKING

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


def test_a_tree_holds_no_pipe(folder: Path) -> None:
    os.mkfifo(folder / "tree/pipe")
    assert found(folder, Content(src="tree", dst="/x", type="tree")) == [
        "contents[0].src: FOLDER/tree/pipe is neither file, directory nor link"
    ]


def test_a_file_is_no_tree(folder: Path) -> None:
    assert found(folder, Content(src="file", dst="/x", type="tree")) == [
        "contents[0].src: FOLDER/file is not a directory"
    ]
