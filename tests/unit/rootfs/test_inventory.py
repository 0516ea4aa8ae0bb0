import hashlib
import os
import stat
from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.rootfs.inventory import inventory, uncompressed_size, walk

CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")
HELLO = hashlib.sha256(b"hello").hexdigest()
EMPTY = hashlib.sha256(b"").hexdigest()


def make(path: Path, content: bytes = b"", *, mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_nothing_is_in_an_empty_tree(tmp_path: Path) -> None:
    assert inventory(tmp_path) == {}


def test_a_file_has_mode_owner_size_and_digest(tmp_path: Path) -> None:
    os.chown(make(tmp_path / "usr/bin/munge", b"hello"), 301, 302)
    (tmp_path / "usr/bin/munge").chmod(0o4750)
    assert inventory(tmp_path)["usr/bin/munge"] == f"file 4750 301 302 5 {HELLO}"


def test_modes_are_of_four_digits(tmp_path: Path) -> None:
    make(tmp_path / "none", mode=0)
    (tmp_path / "sticky").mkdir()
    (tmp_path / "sticky").chmod(0o1777)
    assert inventory(tmp_path) == {"none": f"file 0000 0 0 0 {EMPTY}", "sticky": "dir 1777 0 0"}


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("usr/bin", "symlink 0777 0 0 usr/bin"),
        ("/run", "symlink 0777 0 0 /run"),
        ("./beside", "symlink 0777 0 0 ./beside"),
        ("a//b/", "symlink 0777 0 0 a//b/"),
        ("two words", "symlink 0777 0 0 two%20words"),
        ("line\nbreak", "symlink 0777 0 0 line%0Abreak"),
        ("100%", "symlink 0777 0 0 100%25"),
        ("münge", "symlink 0777 0 0 m%C3%BCnge"),
        (os.fsdecode(b"m\xfcnge"), "symlink 0777 0 0 m%FCnge"),
    ],
)
def test_a_link_says_exactly_where_it_leads(tmp_path: Path, target: str, line: str) -> None:
    (tmp_path / "link").symlink_to("x")
    (tmp_path / "link").unlink()
    os.symlink(target, tmp_path / "link")  # noqa: PTH211 - Path would make a/b of a//b/
    assert inventory(tmp_path) == {"link": line}


def test_links_that_differ_in_dots_only_differ(tmp_path: Path) -> None:
    for name, target in (("one", "x"), ("two", "./x"), ("three", "x/")):
        os.symlink(target, tmp_path / name)  # noqa: PTH211 - as above
    assert len(set(inventory(tmp_path).values())) == 3


@pytest.mark.parametrize(
    ("kind", "device", "line"),
    [
        (stat.S_IFCHR, os.makedev(1, 3), "char 0600 0 0 1:3"),
        (stat.S_IFCHR, 0, "char 0600 0 0 0:0"),
        (stat.S_IFBLK, os.makedev(259, 70000), "block 0600 0 0 259:70000"),
        (stat.S_IFIFO, 0, "fifo 0600 0 0"),
        (stat.S_IFSOCK, 0, "socket 0600 0 0"),
    ],
)
def test_special_files(tmp_path: Path, kind: int, device: int, line: str) -> None:
    os.mknod(tmp_path / "special", kind | 0o600, device)
    assert inventory(tmp_path) == {"special": line}


def test_extended_attributes_are_in_hexadecimal_and_sorted(tmp_path: Path) -> None:
    path = make(tmp_path / "ping", b"hello")
    os.setxattr(path, "trusted.overlay.z", b"\x00\xff")
    os.setxattr(path, "security.capability", CAPABILITY)
    attributes = f"security.capability={CAPABILITY.hex()} trusted.overlay.z=00ff"
    assert inventory(tmp_path) == {"ping": f"file 0644 0 0 5 {HELLO} {attributes}"}


def test_attributes_of_links_are_their_own(tmp_path: Path) -> None:
    path = make(tmp_path / "target", b"hello")
    (tmp_path / "link").symlink_to("target")
    os.setxattr(path, "trusted.x", b"1")
    os.setxattr(tmp_path / "link", "trusted.y", b"2", follow_symlinks=False)
    assert inventory(tmp_path)["link"] == "symlink 0777 0 0 target trusted.y=32"


def test_an_attribute_with_an_odd_name_stays_one_word(tmp_path: Path) -> None:
    os.setxattr(make(tmp_path / "x"), "trusted.a b=c", b"")
    assert inventory(tmp_path)["x"].split()[-1] == "trusted.a%20b%3Dc="


def test_other_names_of_a_hard_link_name_the_first(tmp_path: Path) -> None:
    first = make(tmp_path / "bunzip2", b"hello")
    os.link(first, tmp_path / "bzcat")
    (tmp_path / "lib").mkdir()
    os.link(first, tmp_path / "lib/a copy")
    line = f"file 0644 0 0 5 {HELLO}"
    assert inventory(tmp_path) == {
        "bunzip2": line,
        "bzcat": f"{line} link=bunzip2",
        "lib": "dir 0755 0 0",
        "lib/a copy": f"{line} link=bunzip2",
    }


def test_equal_files_are_no_hard_links(tmp_path: Path) -> None:
    make(tmp_path / "one", b"hello")
    make(tmp_path / "two", b"hello")
    assert set(inventory(tmp_path).values()) == {f"file 0644 0 0 5 {HELLO}"}


def test_a_file_linked_from_outside_the_tree_is_a_file(tmp_path: Path) -> None:
    outside = make(tmp_path / "outside", b"hello")
    (tmp_path / "tree").mkdir()
    os.link(outside, tmp_path / "tree/inside")
    assert inventory(tmp_path / "tree") == {"inside": f"file 0644 0 0 5 {HELLO}"}


def test_links_and_special_files_may_be_hard_links_too(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("x")
    os.link(tmp_path / "a", tmp_path / "b", follow_symlinks=False)
    os.mknod(tmp_path / "p", stat.S_IFIFO | 0o600)
    os.link(tmp_path / "p", tmp_path / "q")
    found = inventory(tmp_path)
    assert (found["b"], found["q"]) == ("symlink 0777 0 0 x link=a", "fifo 0600 0 0 link=p")


@pytest.mark.parametrize(
    "name", ["two words", "line\nbreak", "tab\t", "*", "\\", "'\"", "münge", "-", "a=b", "\x7f"]
)
def test_odd_names_are_said_as_they_are(tmp_path: Path, name: str) -> None:
    make(tmp_path / "d" / name, b"hello")
    assert inventory(tmp_path)[f"d/{name}"] == f"file 0644 0 0 5 {HELLO}"


def test_a_hard_link_to_an_odd_name_stays_one_word(tmp_path: Path) -> None:
    os.link(make(tmp_path / "a b\nc", b"hello"), tmp_path / "d")
    assert inventory(tmp_path)["d"].split(" ")[-1] == "link=a%20b%0Ac"


def test_a_name_that_is_not_utf8_is_refused_and_shown(tmp_path: Path) -> None:
    make(tmp_path / "usr" / os.fsdecode(b"m\xfcnge"))
    with pytest.raises(ModpkgError) as caught:
        inventory(tmp_path)
    assert str(caught.value) == (
        "/usr/m\\xfcnge: cannot describe a path whose name is not UTF-8\n"
        "  hint: leave it out by `exclude`, with ? for each letter that is none"
    )


def test_a_directory_with_such_a_name_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff")).mkdir()
    with pytest.raises(ModpkgError, match="not UTF-8"):
        inventory(tmp_path)


def test_paths_are_sorted_and_do_not_depend_on_the_order_on_disk(tmp_path: Path) -> None:
    names = ["b/2", "a", "b-1", "B", "b/1", "c/d/e"]
    trees = [tmp_path / "one", tmp_path / "two"]
    for tree, order in zip(trees, (names, reversed(names)), strict=True):
        for name in order:
            make(tree / name, name.encode())
    one, two = (list(inventory(tree).items()) for tree in trees)
    assert one == two
    assert [path for path, _ in one] == ["B", "a", "b", "b-1", "b/1", "b/2", "c", "c/d", "c/d/e"]


def test_times_are_not_in_it(tmp_path: Path) -> None:
    path = make(tmp_path / "x", b"hello")
    before = inventory(tmp_path)
    os.utime(path, (1, 1))
    assert inventory(tmp_path) == before


def test_a_walk_gives_parents_first_and_follows_no_link(tmp_path: Path) -> None:
    make(tmp_path / "b/c/d")
    make(tmp_path / "a/z")
    (tmp_path / "loop").symlink_to(".")
    start = len(str(tmp_path)) + 1
    assert [entry.path[start:] for entry in walk(tmp_path)] == ["a", "b", "loop", "a/z", "b/c", "b/c/d"]


def test_deep_trees_are_walked(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 900)
    deep.mkdir(parents=True)
    assert len(inventory(tmp_path)) == 900


def test_the_size_counts_each_file_once_and_nothing_else(tmp_path: Path) -> None:
    os.link(make(tmp_path / "one", b"x" * 1000), tmp_path / "two")
    make(tmp_path / "three", b"y" * 10)
    (tmp_path / "dir").mkdir()
    (tmp_path / "symlink").symlink_to("one")
    os.mknod(tmp_path / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    assert uncompressed_size(inventory(tmp_path)) == 1010


def test_the_size_of_a_file_with_attributes_counts(tmp_path: Path) -> None:
    os.setxattr(make(tmp_path / "ping", b"x" * 7), "security.capability", CAPABILITY)
    assert uncompressed_size(inventory(tmp_path)) == 7
