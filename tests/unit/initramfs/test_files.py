from pathlib import Path

import pytest

from modpkg.initramfs.files import Directory


@pytest.fixture
def files(tmp_path: Path) -> Directory:
    """Give a tree with links that are absolute in it, lead out of it, and in a circle."""
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/b.so.1").write_bytes(b"b")
    (tmp_path / "usr/lib/b.so").symlink_to("b.so.1")
    (tmp_path / "lib").symlink_to("usr/lib")
    (tmp_path / "usr/lib/far.so").symlink_to("/lib/b.so")
    (tmp_path / "usr/lib/up.so").symlink_to("../../../../usr/lib/b.so")
    (tmp_path / "usr/lib/circle").symlink_to("circle")
    (tmp_path / "usr/lib/gone").symlink_to("nowhere")
    return Directory(tmp_path)


@pytest.mark.parametrize("path", ["usr/lib/b.so.1", "/lib/b.so", "usr/lib/far.so", "lib/up.so"])
def test_links_are_followed_inside_the_tree(files: Directory, path: str) -> None:
    assert files.resolve(path) == "usr/lib/b.so.1"
    assert files.read(str(files.resolve(path))) == b"b"


@pytest.mark.parametrize("path", ["usr/lib/circle", "usr/lib/gone", "usr/lib", "none", "usr/lib/b.so.1/x"])
def test_what_leads_to_no_file_is_none(files: Directory, path: str) -> None:
    assert files.resolve(path) is None


def test_names_are_sorted_and_none_of_what_is_no_directory(files: Directory) -> None:
    assert files.names("usr/lib") == ("b.so", "b.so.1", "circle", "far.so", "gone", "up.so")
    assert files.names("opt") == files.names("usr/lib/b.so.1") == ()
