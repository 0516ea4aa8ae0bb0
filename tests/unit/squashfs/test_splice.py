from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.host.files import digest_file
from modpkg.squashfs.read import Tree, read_file, read_tree
from modpkg.squashfs.splice import SpliceLayer, splice
from tests.support.tiny import BLOCK, Node, Tiny

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

WHITEOUT = Node(kind=5, device=0)
OPAQUE = [[(1, b"overlay.opaque", b"y")]]
LARGE = random.Random(3).randbytes(5 * BLOCK + 5)  # noqa: S311 - no secret


def _layers(
    place: Path, images: Sequence[Tiny], digests: Sequence[Mapping[str, str]] = ()
) -> list[SpliceLayer]:
    found = []
    for number, tiny in enumerate(images):
        path = place / f"{number}.squashfs"
        path.write_bytes(tiny.image())
        known = digests[number] if digests else {}
        found.append(SpliceLayer(name=f"module{number}", path=path, digests=known))
    return found


def _merged(place: Path, *images: Tiny, exclude: Sequence[str] = ()) -> Tree:
    splice(_layers(place, images), place / "image", time=1, exclude=exclude)
    return read_tree(place / "image")


def _paths(place: Path, *trees: Mapping[str, object]) -> list[str]:
    return list(_merged(place, *(Tiny(tree=tree) for tree in trees)).paths)


def test_one_layer_stays_what_it_is(tmp_path: Path) -> None:
    tree = {
        "d": {"f": b"content", "empty": b""},
        "link": "d/f",
        "pipe": Node(kind=6),
        "tty": Node(kind=5, device=1025),
    }
    before = Tiny(tree=tree)
    (tmp_path / "before").write_bytes(before.image())
    found, expected = _merged(tmp_path, before), read_tree(tmp_path / "before")
    for path, entry in expected.paths.items():
        assert (found[path].kind, found[path].mode, found[path].target) == (
            entry.kind,
            entry.mode,
            entry.target,
        )
        assert (found[path].owner, found[path].group, found[path].time) == (0, 1000, 7)
        assert found[path].device == entry.device
    assert list(found.paths) == list(expected.paths)
    assert read_file(tmp_path / "image", "d/f") == b"content"


def test_a_later_layer_wins(tmp_path: Path) -> None:
    _merged(tmp_path, Tiny(tree={"f": b"one", "g": b"kept"}), Tiny(tree={"f": b"two"}))
    assert read_file(tmp_path / "image", "f") == b"two"
    assert read_file(tmp_path / "image", "g") == b"kept"


def test_directories_are_merged_and_the_upper_gives_attributes(tmp_path: Path) -> None:
    upper = Node(kind=1, content={"b": b""}, mode=0o700)
    found = _merged(tmp_path, Tiny(tree={"d": {"a": b""}}), Tiny(tree={"d": upper}))
    assert list(found.paths) == ["d", "d/a", "d/b"]
    assert found["d"].mode == 0o700


def test_whiteouts_remove_and_are_not_seen(tmp_path: Path) -> None:
    assert _paths(
        tmp_path, {"d": {"a": b"", "b": b""}, "e": {"x": b""}}, {"d": {"a": WHITEOUT}, "e": WHITEOUT}
    ) == ["d", "d/b"]
    assert _paths(tmp_path, {"w": WHITEOUT}) == []
    assert _paths(tmp_path, {"d": {"a": b""}}, {"d": WHITEOUT}, {"d": {"b": b""}}) == ["d", "d/b"]


def test_opaque_directories_hide_what_lies_below(tmp_path: Path) -> None:
    upper = Tiny(tree={"d": Node(kind=1, content={"b": b""}, xattr=0)}, xattrs=OPAQUE)
    found = _merged(tmp_path, Tiny(tree={"d": {"a": b""}}), upper)
    assert list(found.paths) == ["d", "d/b"]
    assert found["d"].attributes == ()


def test_an_opaque_root_hides_nothing(tmp_path: Path) -> None:
    # As the kernel has it: the roots of all layers are merged.
    path = tmp_path / "upper"
    upper = Tiny(tree=Node(kind=1, content={"b": b""}, mode=0o755, xattr=0), xattrs=OPAQUE)
    path.write_bytes(upper.image())
    below = _layers(tmp_path, [Tiny(tree={"a": b""})])
    splice([*below, SpliceLayer(name="upper", path=path)], tmp_path / "image", time=1)
    assert list(read_tree(tmp_path / "image").paths) == ["a", "b"]


def test_a_path_can_change_its_type(tmp_path: Path) -> None:
    assert _paths(tmp_path, {"d": {"a": b""}}, {"d": b"file"}) == ["d"]
    assert _paths(tmp_path, {"d": {"a": b""}}, {"d": b"file"}, {"d": {"b": b""}}) == ["d", "d/b"]
    assert _paths(tmp_path, {"d": "target"}, {"d": {"a": b""}}) == ["d", "d/a"]


def test_hard_links_stay_one_inode_with_the_names_that_are_left(tmp_path: Path) -> None:
    file = Node(content=b"shared", same="one")
    found = _merged(tmp_path, Tiny(tree={"a": file, "b": file, "c": file}), Tiny(tree={"b": b"other"}))
    assert found["a"].number == found["c"].number != found["b"].number


def test_excluded_paths_stay_out_with_all_below(tmp_path: Path) -> None:
    tree = Tiny(tree={"a": {"b": {"c": b"x" * 100}}, "d": b""})
    assert list(_merged(tmp_path, tree, exclude=["a/b", "nothing/here", "d/e"]).paths) == ["a", "d"]


def test_data_that_nothing_uses_is_left_out(tmp_path: Path) -> None:
    _merged(tmp_path, Tiny(tree={"f": LARGE * 3}), Tiny(tree={"f": b"small"}))
    assert (tmp_path / "image").stat().st_size == 4096


def test_equal_files_of_two_layers_are_stored_once(tmp_path: Path) -> None:
    images = [Tiny(tree={"a": LARGE}), Tiny(tree={"b": LARGE, "c": Node(content=LARGE, mode=0o755)})]
    digests = [{"a": "d1"}, {"b": "d1", "c": "d1"}]
    plain = splice(_layers(tmp_path, images), tmp_path / "plain", time=0)
    shared = splice(_layers(tmp_path, images, digests), tmp_path / "shared", time=0)
    assert plain.size - shared.size >= 2 * len(LARGE) - 8192
    found = read_tree(tmp_path / "shared")
    assert len({found[path].number for path in "abc"}) == 3
    assert found["c"].mode == 0o755
    assert read_file(tmp_path / "shared", "c") == LARGE


def test_digests_that_cannot_be_are_refused(tmp_path: Path) -> None:
    layers = _layers(tmp_path, [Tiny(tree={"a": b"1"}), Tiny(tree={"b": b"22"})], [{"a": "d"}, {"b": "d"}])
    with pytest.raises(
        BadInputError, match=r"module1: .*/b: it has the digest of a file of module0 and another size"
    ):
        splice(layers, tmp_path / "image", time=0)


def test_the_receipt_tells_what_was_written(tmp_path: Path) -> None:
    receipt = splice(_layers(tmp_path, [Tiny(tree={"a": b"1"})]), tmp_path / "image", time=0)
    assert receipt.path == tmp_path / "image"
    assert receipt.sha256 == digest_file(receipt.path)
    assert receipt.size % 4096 == 0


def test_equal_layers_give_equal_bytes(tmp_path: Path) -> None:
    layers = _layers(
        tmp_path, [Tiny(tree={"a": LARGE, "b": {"c": b"1"}}), Tiny(tree={"b": {"d": LARGE[:9000]}})]
    )
    first = splice(layers, tmp_path / "one", time=5)
    assert splice(layers, tmp_path / "two", time=5).sha256 == first.sha256
    assert splice(layers, tmp_path / "three", time=6).sha256 != first.sha256


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (Tiny(tree={}, compressor=6), "its compressor is zstd, not gzip"),
        (Tiny(tree={}, options=b"\1\2\3\4"), "its compressor options is 01020304, not default"),
    ],
)
def test_settings_that_differ_are_refused_with_what_to_change(
    tmp_path: Path, other: Tiny, words: str
) -> None:
    with pytest.raises(
        BadInputError, match=f"module1: cannot merge it with module0: {words}\n.*same squashfs settings"
    ):
        splice(_layers(tmp_path, [Tiny(tree={}), other]), tmp_path / "image", time=0)
    assert not (tmp_path / "image").exists()


def test_no_layers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"no layers"):
        splice([], tmp_path / "image", time=0)


@pytest.mark.parametrize("mark", [b"overlay.redirect", b"overlay.metacopy"])
@pytest.mark.parametrize("kind", [1, 2])
def test_content_in_another_layer_is_refused_by_name(tmp_path: Path, kind: int, mark: bytes) -> None:
    node = Node(kind=kind, content={} if kind == 1 else b"x", xattr=0)
    layers = _layers(tmp_path, [Tiny(tree={"f": node}, xattrs=[[(1, mark, b"y")]])])
    with pytest.raises(BadInputError, match=r"module0: .*/f: trusted.overlay.* leads to another layer"):
        splice(layers, tmp_path / "image", time=0)


def test_an_older_image_stays_where_the_new_one_cannot_be(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(b"older")
    (tmp_path / "bad").write_bytes(b"no squashfs")
    with pytest.raises(BadInputError, match=r"module: "):
        splice([SpliceLayer(name="module", path=tmp_path / "bad")], image, time=0)
    assert image.read_bytes() == b"older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "image"]
