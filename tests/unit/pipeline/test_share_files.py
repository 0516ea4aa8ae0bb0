import os
from pathlib import Path

from modpkg.pipeline.images import read_image
from modpkg.pipeline.share_files import share
from tests.support.directories import LETTERS, made_image

FILES = {"root.squashfs": "root", "vmlinuz": "kernel", "initrd": "initrd", "packages": "core"}


def pair(tmp_path: Path, **changes: str) -> tuple[Path, Path]:
    changed = {name.replace("_", "."): text for name, text in changes.items()}
    return (
        made_image(tmp_path, f"1.0.0-1.{LETTERS}", name="one", files=FILES),
        made_image(tmp_path, f"1.0.0-1.{LETTERS}", name="two", files={**FILES, **changed}),
    )


def shared(tmp_path: Path, two: Path) -> tuple[str, ...]:
    return share(two, read_image(two), images=tmp_path)


def same(one: Path, two: Path, name: str) -> bool:
    return (one / name).stat().st_ino == (two / name).stat().st_ino


def test_equal_large_files_are_one(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    assert shared(tmp_path, two) == ("initrd", "root.squashfs", "vmlinuz")
    assert [same(one, two, name) for name in FILES] == [True, True, True, False]
    assert sorted(path.name for path in two.iterdir()) == sorted([*FILES, "image.json"])


def test_others_are_left_alone(tmp_path: Path) -> None:
    one, two = pair(tmp_path, root_squashfs="else")
    assert shared(tmp_path, two) == ("initrd", "vmlinuz")
    assert (two / "root.squashfs").read_text() == "else"
    assert not same(one, two, "root.squashfs")


def test_a_file_that_rotted_is_not_taken(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    (one / "root.squashfs").write_text("rOot")
    (one / "vmlinuz").unlink()
    (one / "initrd").unlink()
    (one / "initrd").symlink_to(two / "initrd")
    assert shared(tmp_path, two) == ()
    assert (two / "root.squashfs").read_text() == "root"


def test_a_damaged_record_is_in_nobody_s_way(tmp_path: Path) -> None:
    one, two = pair(tmp_path)
    (one / "image.json").write_text("{")
    assert shared(tmp_path, two) == ()


def test_where_links_cannot_be_made_there_are_copies(tmp_path: Path, monkeypatch: object) -> None:
    one, two = pair(tmp_path)

    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)  # type: ignore[attr-defined]
    assert shared(tmp_path, two) == ()
    assert not same(one, two, "root.squashfs")
