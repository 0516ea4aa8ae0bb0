import os
from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.image.verify import check_listing, check_tree, expected_paths
from modpkg.rootfs.inventory import inventory
from tests.support.stack import write_files

OWNER = f"{os.getuid()} {os.getgid()}"


def tree_of(path: Path, texts: dict[str, str]) -> Path:
    write_files(path, texts)
    for directory in (path, *(entry for entry in path.rglob("*") if entry.is_dir())):
        directory.chmod(0o755)
    return path


def test_the_glue_lies_over_the_modules(tmp_path: Path) -> None:
    glue = tree_of(tmp_path / "glue", {"etc/passwd": "x"})
    paths = {"etc": f"dir 0755 {OWNER}", "etc/passwd": "file 0600 0 0 0 old", "usr": "dir 0755 0 0"}
    expected = expected_paths(paths, glue)
    assert expected.keys() == paths.keys()
    assert expected["usr"] == "dir 0755 0 0"
    assert expected["etc/passwd"] != paths["etc/passwd"]


def test_the_glue_may_not_change_a_directory(tmp_path: Path) -> None:
    glue = tree_of(tmp_path / "glue", {"etc/passwd": "x"})
    with pytest.raises(
        ModpkgError, match=r"directories differ \(1\):\n +/etc: dir 0755 .* over dir 0700 0 0"
    ):
        expected_paths({"etc": "dir 0700 0 0"}, glue)


def test_hidden_and_foreign_paths_are_named(tmp_path: Path) -> None:
    tree = tree_of(tmp_path / "tree", {"etc/a": "", "etc/b": ""})
    check_listing(tree, dict.fromkeys(("etc", "etc/a", "etc/b"), ""))
    with pytest.raises(ModpkgError, match=r"paths are hidden \(1\):\n +etc/c"):
        check_listing(tree, dict.fromkeys(("etc", "etc/a", "etc/b", "etc/c"), ""))
    with pytest.raises(ModpkgError, match=r"paths of no module \(1\):\n +etc/b"):
        check_listing(tree, dict.fromkeys(("etc", "etc/a"), ""))


def test_an_image_that_reads_back_otherwise_is_refused(tmp_path: Path) -> None:
    tree = tree_of(tmp_path / "tree", {f"etc/{number:02}": "x" for number in range(12)})
    expected = inventory(tree)
    check_tree(tree, expected)
    for number in range(12):
        (tree / f"etc/{number:02}").write_text("y")
    with pytest.raises(ModpkgError, match=r"otherwise than written \(12\):") as raised:
        check_tree(tree, expected)
    lines = str(raised.value).split("\n")
    assert lines[1].startswith("    /etc/00: file ")
    assert lines[-1] == "    and 2 more"
