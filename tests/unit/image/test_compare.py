import os
from pathlib import Path

import pytest

from modpkg.image.compare import PathDifference, compare_trees, first_difference
from modpkg.rootfs.inventory import inventory

TIME = 1_700_000_000


def tree(place: Path) -> Path:
    """Make a tree with every kind of path that an ordinary user can make; all times are one."""
    (place / "usr/bin").mkdir(parents=True)
    (place / "usr/bin/tool").write_bytes(b"abcdefgh" * 10)
    (place / "usr/bin/tool").chmod(0o755)
    os.link(place / "usr/bin/tool", place / "usr/bin/twin")
    (place / "bin").symlink_to("usr/bin")
    os.mkfifo(place / "pipe")
    settle(place)
    return place


def settle(place: Path) -> None:
    for path in sorted(place.rglob("*"), reverse=True):
        os.utime(path, (TIME, TIME), follow_symlinks=False)
    os.utime(place, (TIME, TIME))


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    return tree(tmp_path / "expected"), tree(tmp_path / "found")


def only(trees: tuple[Path, Path]) -> PathDifference:
    settle(trees[1])
    (difference,) = compare_trees(*trees)
    return difference


def test_equal_trees_have_no_difference(trees: tuple[Path, Path]) -> None:
    assert compare_trees(*trees) == ()


def test_one_byte_is_named_with_its_place(trees: tuple[Path, Path]) -> None:
    path = trees[1] / "usr/bin/tool"
    content = bytearray(path.read_bytes())
    content[42] = 0
    path.write_bytes(content)
    settle(trees[1])
    found = compare_trees(*trees)
    # Both names of the inode have it.
    assert [(one.path, one.kind, one.offset) for one in found] == [
        ("usr/bin/tool", "content", 42),
        ("usr/bin/twin", "content", 42),
    ]
    assert found[0].expected == "6364656667686162 of 80 bytes"
    assert found[0].found == "0064656667686162 of 80 bytes"
    assert found[0].line == inventory(trees[0])["usr/bin/tool"]


def test_a_file_that_is_cut_differs_from_its_end(trees: tuple[Path, Path]) -> None:
    (trees[1] / "usr/bin/tool").write_bytes(b"abcdefgh" * 4)
    settle(trees[1])
    found = compare_trees(*trees)[0]
    assert (found.kind, found.offset, found.found) == ("content", 32, "its end of 32 bytes")


def test_a_mode_is_told(trees: tuple[Path, Path]) -> None:
    (trees[1] / "usr/bin").chmod(0o700)
    found = only(trees)
    assert (found.path, found.kind, found.expected, found.found) == ("usr/bin", "mode", "0755", "0700")


def test_a_mode_of_the_root_itself_is_told(trees: tuple[Path, Path]) -> None:
    trees[1].chmod(0o711)
    found = only(trees)
    assert (found.path, found.kind, found.found) == ("", "mode", "0711")


def test_an_owner_is_told(trees: tuple[Path, Path]) -> None:
    if os.geteuid() != 0:
        pytest.skip("changing owners needs root")
    os.chown(trees[1] / "pipe", 12, 34)
    found = only(trees)
    assert (found.path, found.kind, found.expected, found.found) == ("pipe", "owner", "0:0", "12:34")


def test_a_time_is_told_in_whole_seconds(trees: tuple[Path, Path]) -> None:
    os.utime(trees[1] / "pipe", ns=(0, TIME * 10**9 + 5))
    assert compare_trees(*trees) == ()
    os.utime(trees[1] / "pipe", (TIME, TIME + 1))
    (found,) = compare_trees(*trees)
    assert (found.path, found.kind, found.expected, found.found) == ("pipe", "time", str(TIME), str(TIME + 1))


def test_a_link_that_leads_elsewhere_is_told(trees: tuple[Path, Path]) -> None:
    (trees[1] / "bin").unlink()
    (trees[1] / "bin").symlink_to("./usr/bin")
    found = only(trees)
    assert (found.path, found.kind, found.expected, found.found) == ("bin", "target", "usr/bin", "./usr/bin")


def test_another_type_is_all_that_is_told_of_a_path(trees: tuple[Path, Path]) -> None:
    (trees[1] / "pipe").unlink()
    (trees[1] / "pipe").write_text("a file")
    found = only(trees)
    assert (found.path, found.kind, found.expected, found.found) == ("pipe", "type", "fifo", "file")


def test_missing_and_extra_paths_are_told_apart(trees: tuple[Path, Path]) -> None:
    (trees[1] / "pipe").rename(trees[1] / "tube")
    settle(trees[1])
    missing, extra = compare_trees(*trees)
    assert (missing.path, missing.kind, missing.found) == ("pipe", "missing", "-")
    assert (extra.path, extra.kind, extra.expected, extra.line) == ("tube", "extra", "-", "")


def test_names_of_one_inode_that_are_two_are_told(trees: tuple[Path, Path]) -> None:
    twin = trees[1] / "usr/bin/twin"
    content = twin.read_bytes()
    twin.unlink()
    twin.write_bytes(content)
    twin.chmod(0o755)
    found = only(trees)
    assert (found.path, found.kind) == ("usr/bin/twin", "links")
    assert (found.expected, found.found) == ("usr/bin/tool", "usr/bin/twin")


def test_an_attribute_is_told(trees: tuple[Path, Path]) -> None:
    try:
        os.setxattr(trees[1] / "usr/bin/tool", "user.colour", b"red")
    except OSError:
        pytest.skip("this file system has no attributes of users")
    settle(trees[1])
    found = compare_trees(*trees)
    assert {(one.kind, one.expected, one.found) for one in found} == {("xattr", "-", "user.colour=726564")}


def test_names_that_are_not_utf8_are_spelled_out(trees: tuple[Path, Path]) -> None:
    (trees[1] / os.fsdecode(b"caf\xe9")).write_text("")
    found = only(trees)
    assert found.path == r"caf\xe9"
    assert PathDifference.model_validate_json(found.model_dump_json()) == found


def test_the_first_difference_of_files(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(bytes(3_000_000))
    other.write_bytes(bytes(3_000_000))
    assert first_difference(one, other) is None
    content = bytearray(3_000_000)
    content[2_500_000] = 1
    other.write_bytes(content)
    assert first_difference(one, other) == 2_500_000
    other.write_bytes(bytes(2_999_999))
    assert first_difference(one, other) == 2_999_999
    assert first_difference(other, one) == 2_999_999
