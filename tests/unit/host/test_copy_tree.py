import os
import shutil
import socket
from pathlib import Path

import pytest

from modpkg.host.copy_tree import copy_tree

TIME = 1_700_000_000


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin/tool").write_text("one\n")
    (tree / "bin/tool").chmod(0o4755)
    (tree / "bin/other-name").hardlink_to(tree / "bin/tool")
    (tree / "bin/link").symlink_to("tool")
    (tree / "bin/dangling").symlink_to("/nowhere")
    (tree / "text").write_text("text\n")
    try:
        os.setxattr(tree / "text", "user.row", b"value")
    except OSError:
        pytest.skip("this file system has no attributes of users")
    os.mkfifo(tree / "pipe")
    (tree / "empty").mkdir(mode=0o1777)
    (tree / "empty").chmod(0o1777)
    for path in (*tree.rglob("*"), tree):
        os.utime(path, (TIME, TIME), follow_symlinks=False)
    return tree


def facts(tree: Path) -> dict[str, tuple[object, ...]]:
    def of(path: Path) -> tuple[object, ...]:
        about = path.lstat()
        text = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        return about.st_mode, about.st_uid, about.st_gid, about.st_nlink, about.st_mtime_ns, text

    return {str(path.relative_to(tree)): of(path) for path in (tree, *tree.rglob("*"))}


def test_a_copy_is_equal_and_shares_no_file(tree: Path, tmp_path: Path) -> None:
    before = facts(tree)
    copied = copy_tree(tree, tmp_path / "copy")
    assert facts(tmp_path / "copy") == before
    assert os.getxattr(tmp_path / "copy/text", "user.row") == b"value"
    assert copied.files == 6
    assert copied.linked == 0
    assert copied.copied_bytes == len("one\ntext\n")
    (tree / "text").write_text("changed in place\n")
    assert (tmp_path / "copy/text").read_text() == "text\n"


def test_what_did_not_change_is_the_earlier_copys_own_file(tree: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    copy_tree(tree, first)
    (tree / "text").write_text("TEXT\n")
    copied = copy_tree(tree, second, earlier=first)
    assert (second / "bin/tool").samefile(first / "bin/tool")
    assert (second / "bin/tool").samefile(second / "bin/other-name")
    assert not (second / "bin/tool").samefile(tree / "bin/tool")
    assert (second / "text").read_text() == "TEXT\n"
    assert (first / "text").read_text() == "text\n"
    assert (copied.linked, copied.copied_bytes) == (1, 5)


@pytest.mark.parametrize("change", ["mode", "time", "size", "attribute", "kind"])
def test_a_file_of_which_anything_changed_is_copied(tree: Path, tmp_path: Path, change: str) -> None:
    copy_tree(tree, tmp_path / "first")
    text = tree / "text"
    if change == "mode":
        text.chmod(0o600)
    elif change == "time":
        os.utime(text, (TIME, TIME + 1))
    elif change == "size":
        text.write_text("longer text\n")
        os.utime(text, (TIME, TIME))
    elif change == "attribute":
        os.setxattr(text, "user.row", b"other")
    else:
        (tmp_path / "first/text").unlink()
        (tmp_path / "first/text").mkdir()
    copy_tree(tree, tmp_path / "second", earlier=tmp_path / "first")
    assert not (tmp_path / "second/text").samefile(tmp_path / "first/text")
    assert facts(tmp_path / "second")["text"] == facts(tree)["text"]


def test_a_directory_that_was_a_link_takes_nothing_from_where_it_led(tree: Path, tmp_path: Path) -> None:
    copy_tree(tree, tmp_path / "first")
    (tmp_path / "outside").mkdir()
    (tree / "bin").rename(tree / "sbin")
    shutil.copytree(tree / "sbin", tmp_path / "outside", symlinks=True, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "first/bin")
    (tmp_path / "first/sbin").symlink_to(tmp_path / "outside")
    copied = copy_tree(tree, tmp_path / "second", earlier=tmp_path / "first")
    assert not (tmp_path / "second/sbin/tool").samefile(tmp_path / "outside/tool")
    assert copied.linked == 1


def test_emptied_directories_are_there_without_what_is_in_them(tree: Path, tmp_path: Path) -> None:
    copied = copy_tree(tree, tmp_path / "copy", emptied=["bin", "not/there"])
    assert list((tmp_path / "copy/bin").iterdir()) == []
    assert (tmp_path / "copy/bin").stat().st_mtime == TIME
    assert copied.files == 2


def test_sockets_are_left_out(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert copy_tree(tree, tmp_path / "copy").files == 6
    assert not (tmp_path / "copy/socket").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="owners are given away by root alone")
def test_owners_stay_and_with_them_the_setuid_bit(tree: Path, tmp_path: Path) -> None:
    os.chown(tree / "bin/tool", 105, 106)
    (tree / "bin/tool").chmod(0o4755)
    os.chown(tree / "bin/link", 105, 106, follow_symlinks=False)
    copy_tree(tree, tmp_path / "copy")
    assert facts(tmp_path / "copy") == facts(tree)


def test_a_target_that_is_there_is_left_alone(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    with pytest.raises(FileExistsError):
        copy_tree(tree, tmp_path / "copy")
