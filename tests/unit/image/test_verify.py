import os
from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.image.verify import check_list, check_listing, check_tree, expected_paths
from modpkg.rootfs.inventory import inventory
from modpkg.squashfs.pack import Settings, pack_tree
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


def test_a_whiteout_of_the_glue_hides_what_is_below(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("making a device needs root")
    glue = tree_of(tmp_path / "glue", {"etc/ssl/new.pem": "x"})
    os.mknod(glue / "etc/ssl/old.pem", 0o20600, os.makedev(0, 0))
    paths = {"etc/ssl/old.pem": "file 0644 0 0 1 x", "etc/ssl/kept.pem": "file 0644 0 0 1 x"}
    found = expected_paths(paths, glue)
    assert {path for path in found if path.endswith(".pem")} == {"etc/ssl/new.pem", "etc/ssl/kept.pem"}


@pytest.fixture
def packed(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Give a squashfs with one path of each kind, and its inventory."""
    tree = tree_of(tmp_path / "tree", {"etc/a file": "x" * 5000, "etc/empty": ""})
    (tree / "etc/link").symlink_to("a file")
    os.link(tree / "etc/empty", tree / "etc/same")
    os.mkfifo(tree / "etc/pipe")
    if os.geteuid() == 0:
        os.mknod(tree / "etc/device", 0o20640, os.makedev(250, 70_000))
        os.setxattr(tree / "etc/empty", "security.capability", bytes.fromhex("0100000200200000" + "00" * 12))
    pack_tree(tree, tmp_path / "image", Settings(level=1, block_size=131072, time=0))
    return tmp_path / "image", {path: line.partition(" link=")[0] for path, line in inventory(tree).items()}


def test_a_list_is_compared_with_all_that_an_inventory_says_but_content(
    packed: tuple[Path, dict[str, str]],
) -> None:
    image, lines = packed
    check_list(image, lines)
    digest = lines["etc/a file"].split()[5]
    check_list(image, {**lines, "etc/a file": lines["etc/a file"].replace(digest, "0" * 64)})


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("etc/a file", " 5000 ", " 5001 "),
        ("etc/a file", "0644", "0755"),
        ("etc/link", "a%20file", "b"),
        ("etc/pipe", "fifo", "socket"),
        ("etc", "dir 0755", "dir 0700"),
    ],
)
def test_a_list_that_differs_is_refused(
    packed: tuple[Path, dict[str, str]], path: str, old: str, new: str
) -> None:
    image, lines = packed
    wrong = {**lines, path: lines[path].replace(old, new)}
    assert wrong != lines
    with pytest.raises(ModpkgError, match=rf"otherwise than written \(1\):\n +/{path}: "):
        check_list(image, wrong)


def test_paths_that_are_missing_or_too_many_are_named(packed: tuple[Path, dict[str, str]]) -> None:
    image, lines = packed
    with pytest.raises(ModpkgError, match="/etc/gone: missing, not file"):
        check_list(image, {**lines, "etc/gone": "file 0644 0 0 1 x"})
    del lines["etc/empty"]
    with pytest.raises(ModpkgError, match=r"/etc/empty: file .*, not missing"):
        check_list(image, lines)
