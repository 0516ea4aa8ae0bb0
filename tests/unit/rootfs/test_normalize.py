import os
import stat
from pathlib import Path

import pytest

from modpkg.rootfs.inventory import walk
from modpkg.rootfs.normalize import DIRECTORY_TIME, set_times, strip_attributes

CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")
EPOCH = 1_700_000_000
ACL = bytes.fromhex(
    "0200000001000600ffffffff04000400ffffffff08000400880400001000040 0ffffffff20000400ffffffff".replace(
        " ", ""
    )
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/ping").write_bytes(b"x")
    (tmp_path / "bin").symlink_to("usr/bin")
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mknod(tmp_path / "fifo", stat.S_IFIFO | 0o600)
    os.link(tmp_path / "usr/bin/ping", tmp_path / "usr/bin/ping6")
    return tmp_path


def attributes(path: Path) -> list[str]:
    return os.listxattr(path, follow_symlinks=False)


@pytest.mark.parametrize(
    "name",
    [
        "trusted.overlay.opaque",
        "trusted.overlay.origin",
        "trusted.overlay.impure",
        "trusted.overlay.redirect",
        "user.overlay.opaque",
        "user.overlay.impure",
        "user.mine",
        "trusted.mine",
    ],
)
def test_what_only_a_mount_needs_goes(tree: Path, name: str) -> None:
    for path in (tree, tree / "usr", tree / "usr/bin/ping"):
        os.setxattr(path, name, b"y")
    strip_attributes(tree)
    assert [attributes(path) for path in (tree, tree / "usr", tree / "usr/bin/ping")] == [[], [], []]


def test_attributes_of_links_go_and_those_of_their_targets_are_left_to_the_walk(tree: Path) -> None:
    os.setxattr(tree / "dangling", "trusted.x", b"y", follow_symlinks=False)
    strip_attributes(tree)
    assert attributes(tree / "dangling") == []


def test_access_control_lists_go(tree: Path) -> None:
    os.setxattr(tree / "usr/bin/ping", "system.posix_acl_access", ACL)
    assert "system.posix_acl_access" in attributes(tree / "usr/bin/ping")
    strip_attributes(tree)
    assert attributes(tree / "usr/bin/ping") == []


def test_a_capability_stays(tree: Path) -> None:
    ping = tree / "usr/bin/ping"
    os.setxattr(ping, "security.capability", CAPABILITY)
    os.setxattr(ping, "trusted.overlay.origin", b"y")
    strip_attributes(tree)
    assert attributes(ping) == ["security.capability"]
    assert os.getxattr(ping, "security.capability") == CAPABILITY


def test_content_mode_and_owner_are_left_alone(tree: Path) -> None:
    ping = tree / "usr/bin/ping"
    os.chown(ping, 12, 34)
    ping.chmod(0o4711)
    strip_attributes(tree)
    set_times(tree, source_date_epoch=EPOCH)
    info = ping.stat()
    assert (info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode), ping.read_bytes()) == (12, 34, 0o4711, b"x")


def test_files_have_the_modules_time_and_directories_one_for_all(tree: Path) -> None:
    set_times(tree, source_date_epoch=EPOCH)
    start = len(str(tree)) + 1
    times = {entry.path[start:]: entry.stat(follow_symlinks=False).st_mtime_ns for entry in walk(tree)}
    directory, file = DIRECTORY_TIME * 10**9, EPOCH * 10**9
    assert times == {
        "usr": directory,
        "usr/bin": directory,
        "bin": file,
        "dangling": file,
        "fifo": file,
        "usr/bin/ping": file,
        "usr/bin/ping6": file,
    }
    assert tree.stat().st_mtime_ns == directory


def test_the_time_of_directories_is_the_year_2000() -> None:
    assert DIRECTORY_TIME == 946_684_800


def test_directories_are_equal_in_modules_of_different_age(tree: Path) -> None:
    set_times(tree, source_date_epoch=EPOCH)
    before = (tree / "usr").stat().st_mtime_ns
    set_times(tree, source_date_epoch=EPOCH + 1)
    assert (tree / "usr").stat().st_mtime_ns == before
    assert (tree / "usr/bin/ping").stat().st_mtime_ns == (EPOCH + 1) * 10**9


def test_the_root_can_be_entered_by_all(tree: Path) -> None:
    tree.chmod(0o700)
    set_times(tree, source_date_epoch=EPOCH)
    assert stat.S_IMODE(tree.stat().st_mode) == 0o755


def test_what_links_lead_to_outside_of_the_tree_is_left_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"")
    os.utime(outside, (1, 1))
    os.setxattr(outside, "trusted.x", b"y")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "link").symlink_to(outside)
    strip_attributes(tree)
    set_times(tree, source_date_epoch=EPOCH)
    assert (outside.stat().st_mtime, attributes(outside)) == (1, ["trusted.x"])
