"""Single files of real squashfs images, against what was packed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.squashfs.pack import Settings, pack_tree
from modpkg.squashfs.pick import open_picker
from tests.support.stack import write_files

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.programs
SETTINGS = Settings(level=1, block_size=131072, time=0)


@pytest.fixture
def contents(tmp_path: Path) -> dict[str, bytes]:
    """Give files of all sizes, packed in `tmp_path / "image"`."""
    found = {
        f"usr/lib/{size}": os.urandom(size // 2) + bytes(size - size // 2)
        for size in (1, 4095, 131072, 300_001)
    }
    found |= {f"many/{number:04}": b"%d" % number for number in range(700)}
    found |= {"deep/er/and/deeper": b"x", "empty": b""}
    for path, content in found.items():
        target = tmp_path / "tree" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (tmp_path / "tree/link").symlink_to("empty")
    with (tmp_path / "tree/sparse").open("wb") as stream:
        stream.truncate(400_000)
    pack_tree(tmp_path / "tree", tmp_path / "image", SETTINGS)
    return {**found, "sparse": bytes(400_000)}


def test_every_file_is_found_with_its_content(contents: dict[str, bytes], tmp_path: Path) -> None:
    with open_picker(tmp_path / "image") as picker:
        assert {path: picker.read(path) for path in contents} == contents
        # Twice, and in another order.
        assert all(picker.read(path) == contents[path] for path in sorted(contents, reverse=True))


@pytest.mark.parametrize(
    "path",
    ["", "none", "usr", "usr/lib", "link", "empty/x", "usr/../empty", "/empty", "usr//lib", "many/0700"],
)
def test_what_is_no_file_is_not_found(contents: dict[str, bytes], tmp_path: Path, path: str) -> None:
    assert contents
    with open_picker(tmp_path / "image") as picker, pytest.raises(FileNotFoundError):
        picker.read(path)


def test_damage_is_refused_by_name_and_never_a_crash(tmp_path: Path) -> None:
    tree = write_files(tmp_path / "tree", {f"d/{number}": f"text {number} " * 40 for number in range(50)})
    pack_tree(tree, tmp_path / "image", SETTINGS)
    whole = (tmp_path / "image").read_bytes()
    told = [said_of(whole, place, tmp_path / "spoilt") for place in range(0, len(whole), 37)]
    assert any("the fragment of x" in words for words in told)


def said_of(whole: bytes, place: int, path: Path) -> str:
    """Read a file of an image with one byte changed, and give the words of the refusal, if it is one."""
    spoilt = bytearray(whole)
    spoilt[place] ^= 0x41
    path.write_bytes(spoilt)
    try:
        with open_picker(path, name="the fragment of x") as picker:
            picker.read("d/7")
    except (BadInputError, FileNotFoundError) as error:
        return str(error)
    return ""


SPANS = (0, 1, 4095, 4096, 131_071, 131_072, 131_073, 150_001, 262_144, 299_999, 300_001, 400_000, 10**6)


def test_any_span_of_a_file_is_that_of_its_content(contents: dict[str, bytes], tmp_path: Path) -> None:
    with open_picker(tmp_path / "image") as picker:
        for path in ("usr/lib/300001", "usr/lib/131072", "usr/lib/1", "many/0699", "empty", "sparse"):
            assert picker.size(path) == len(contents[path])
            for start in SPANS:
                for end in SPANS:
                    found = picker.read_span(path, start, max(start, end))
                    assert found == contents[path][start : max(start, end)], (path, start, end)


def test_a_span_larger_than_memory_is_refused(contents: dict[str, bytes], tmp_path: Path) -> None:
    assert contents
    with open_picker(tmp_path / "image") as picker, pytest.raises(BadInputError, match="more than"):
        picker.read_span("empty", 0, 1 << 40)


def test_a_span_of_what_is_no_file_is_not_found(contents: dict[str, bytes], tmp_path: Path) -> None:
    assert contents
    with open_picker(tmp_path / "image") as picker:
        with pytest.raises(FileNotFoundError):
            picker.size("usr")
        with pytest.raises(FileNotFoundError):
            picker.read_span("usr/none", 0, 1)
