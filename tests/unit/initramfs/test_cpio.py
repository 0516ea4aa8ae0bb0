"""Archives are judged by a reader that shares nothing with the writer."""

import stat
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modpkg.initramfs import cpio
from tests.support.newc import read_archive


def test_members_come_back_with_type_mode_and_content() -> None:
    members = [
        cpio.directory("dev"),
        cpio.file("init", b"#!/bin/sh\n", mode=0o755),
        cpio.symlink("sh", "bin/busybox"),
        cpio.character_device("dev/console", (5, 1)),
    ]
    found = {entry["path"]: entry for entry in read_archive(cpio.archive(members))}
    assert found["dev"]["mode"] == stat.S_IFDIR | 0o755
    assert found["dev"]["links"] == 2
    assert (found["init"]["mode"], found["init"]["data"]) == (stat.S_IFREG | 0o755, b"#!/bin/sh\n")
    assert (found["sh"]["mode"], found["sh"]["data"]) == (stat.S_IFLNK | 0o777, b"bin/busybox")
    console = found["dev/console"]
    assert (console["mode"], console["major"], console["minor"]) == (stat.S_IFCHR | 0o600, 5, 1)


def test_time_and_owner_are_zero_and_inodes_count_from_one() -> None:
    entries = read_archive(cpio.archive([cpio.file("b", b"1"), cpio.file("a", b"2")]))
    assert [(e["inode"], e["mtime"], e["owner"], e["group"]) for e in entries] == [(1, 0, 0, 0), (2, 0, 0, 0)]


def test_a_directory_precedes_what_it_holds_although_its_text_sorts_behind() -> None:
    # As texts, "a-b" < "a/b"; the directory "a" has to come before both of its kind.
    members = [cpio.file("a/b", b""), cpio.file("a-b", b""), cpio.directory("a")]
    assert [entry["path"] for entry in read_archive(cpio.archive(members))] == ["a", "a/b", "a-b"]


def test_archives_that_follow_each_other_each_start_at_512_bytes() -> None:
    first = cpio.archive([cpio.file("a", b"x" * 700)])
    second = cpio.archive([cpio.file("b", b"y")])
    assert len(first) % 512 == 0
    joined = first + second
    assert [entry["path"] for entry in read_archive(joined[len(first) :])] == ["b"]


def test_parents_are_added_once_and_keep_the_mode_they_were_given() -> None:
    members = cpio.with_parents([cpio.file("a/b/c", b""), cpio.directory("a", mode=0o700)])
    modes = {member.path: stat.S_IMODE(member.mode) for member in members}
    assert modes == {"a": 0o700, "a/b": 0o755, "a/b/c": 0o644}


@pytest.mark.parametrize("path", ["/etc", "../etc", "a/../b", "a//b", "a/", "", ".", "TRAILER!!!"])
def test_a_path_that_is_not_plainly_below_the_root_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not a path of an archive"):
        cpio.archive([cpio.file(path, b"")])


def test_a_path_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        cpio.archive([cpio.file("a", b"1"), cpio.file("a", b"2")])


PATHS = st.lists(
    st.text("abc-.é", min_size=1, max_size=6).filter(lambda part: part not in {".", ".."}), min_size=1
)


@given(st.dictionaries(PATHS.map("/".join), st.binary(max_size=50), max_size=8), st.randoms())
def test_any_files_come_back_whole_and_their_order_does_not_matter(
    contents: dict[str, bytes], random: Random
) -> None:
    members = [cpio.file(path, data) for path, data in contents.items()]
    data = cpio.archive(members)
    assert {entry["path"]: entry["data"] for entry in read_archive(data)} == contents
    random.shuffle(members)
    assert cpio.archive(members) == data


def test_a_byte_belongs_to_the_member_that_holds_it() -> None:
    data = cpio.archive([cpio.file("a", b"12345"), cpio.file("b/c", b"67890"), cpio.directory("b")])
    assert cpio.path_at(data, 0) == "a"
    assert cpio.path_at(data, data.index(b"345")) == "a"
    assert cpio.path_at(data, data.index(b"67890")) == "b/c"
    assert cpio.path_at(data, data.index(b"TRAILER")) == ""
    assert cpio.path_at(data, len(data)) == ""


def test_a_byte_of_a_second_archive_is_found_too() -> None:
    first, second = cpio.archive([cpio.file("a", b"1")]), cpio.archive([cpio.file("z", b"26")])
    assert cpio.path_at(first + second, len(first) + second.index(b"26")) == "z"


@pytest.mark.parametrize("data", [b"", b"070701", b"nothing", b"070701" + b"0" * 50])
def test_what_is_no_archive_has_no_members(data: bytes) -> None:
    assert cpio.path_at(data, 3) == ""
