from pathlib import Path

import pytest

from modpkg.events import ignore
from modpkg.image.compare import PathDifference
from modpkg.initramfs.cpio import archive, directory, file
from modpkg.pipeline.compare_squashfs import Compared
from modpkg.pipeline.differing_files import Suspects, differing_files, image_files, squashfs_differences
from modpkg.pipeline.verification import Difference
from tests.support.stack import make_module

DRIVER = "file 0644 0 0 5 " + "a" * 64
CORE = make_module("core", paths={"usr/bin/sh": DRIVER})
KERNEL = make_module(
    "kernel", version="6.1.0-2", kernel="6.1.0", paths={"usr/lib/modules/6.1.0/loop.ko": DRIVER}
)


@pytest.fixture
def suspects(tmp_path: Path) -> Suspects:
    return Suspects(modules=(CORE, KERNEL), mode="root", work=tmp_path / "work", sink=ignore)


def pair(tmp_path: Path, name: str, expected: bytes, found: bytes) -> tuple[dict[str, Path], dict[str, Path]]:
    sides = []
    for side, content in (("expected", expected), ("found", found)):
        path = tmp_path / side / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        sides.append({name: path})
    return sides[0], sides[1]


def only(tmp_path: Path, suspects: Suspects, name: str, expected: bytes, found: bytes) -> Difference:
    (difference,) = differing_files(*pair(tmp_path, name, expected, found), suspects)
    return difference


def test_equal_files_do_not_differ(tmp_path: Path, suspects: Suspects) -> None:
    assert differing_files(*pair(tmp_path, "packages", b"x", b"x"), suspects) == ()


def test_a_text_is_the_assemblys(tmp_path: Path, suspects: Suspects) -> None:
    found = only(tmp_path, suspects, "packages", b"one\ntwo\n", b"one\nten\n")
    assert (found.module, found.part, found.kind, found.offset) == ("assembly", "assembly", "content", 5)


def test_the_kernel_is_that_of_its_module(tmp_path: Path, suspects: Suspects) -> None:
    found = only(tmp_path, suspects, "vmlinuz", b"kernel", b"kernal")
    assert (found.module, found.version, found.part) == ("kernel", "6.1.0-2", "fragment")
    assert (found.path, found.offset) == ("/boot/vmlinuz-6.1.0", 4)


def test_a_driver_in_the_initrd_is_that_of_its_module(tmp_path: Path, suspects: Suspects) -> None:
    members = [directory("lib"), file("init", b"#!/bin/sh\n"), file("lib/modules/6.1.0/loop.ko", b"12345")]
    expected = archive(members)
    at = expected.index(b"12345") + 3
    found = only(tmp_path, suspects, "initrd", expected, expected[:at] + b"x" + expected[at + 1 :])
    assert (found.module, found.path, found.offset) == ("kernel", "/lib/modules/6.1.0/loop.ko", at)


def test_what_modpkg_puts_into_an_initrd_is_the_assemblys(tmp_path: Path, suspects: Suspects) -> None:
    expected = archive([file("init", b"#!/bin/sh\n")])
    at = expected.index(b"#!")
    found = only(tmp_path, suspects, "initrd", expected, expected[:at] + b"x" + expected[at + 1 :])
    assert (found.module, found.path) == ("assembly", "/init")
    longer = only(tmp_path / "longer", suspects, "initrd", expected, expected + b"more")
    assert (longer.module, longer.path, longer.offset) == ("assembly", "", len(expected))


def test_missing_and_extra_files_are_told(tmp_path: Path, suspects: Suspects) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    missing, extra = differing_files({"packages": path}, {"virus": path}, suspects)
    assert (missing.file, missing.kind, missing.module) == ("packages", "missing", "assembly")
    assert (extra.file, extra.kind, extra.module, extra.part) == ("virus", "extra", "", "nothing")


def test_a_link_that_leads_nowhere_is_no_file(tmp_path: Path, suspects: Suspects) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_text("x")
    link.symlink_to("nowhere")
    (found,) = differing_files({"packages": path}, {"packages": link}, suspects)
    assert found.kind == "type"


def test_proofs_and_signatures_are_no_files_of_an_image(tmp_path: Path) -> None:
    for name in ("root.squashfs", "proof.intoto.json", "SHA256SUMS", "SHA256SUMS.asc"):
        (tmp_path / name).write_text("x")
    assert list(image_files(tmp_path)) == ["SHA256SUMS", "root.squashfs"]


def compared(*differences: PathDifference, damage: str = "") -> list[Difference]:
    both = Compared(differences=differences, damage=damage)
    return list(squashfs_differences("root.squashfs", both, (CORE, KERNEL), offset=7))


def test_paths_accuse_their_modules() -> None:
    one = PathDifference(path="usr/bin/sh", kind="content", expected="a", found="b", offset=3, line=DRIVER)
    (found,) = compared(one)
    assert (found.module, found.version, found.part, found.offset) == ("core", "12.0.0-1", "fragment", 3)
    assert found.path == "/usr/bin/sh"


def test_damage_beside_paths_accuses_nobody_else() -> None:
    one = PathDifference(path="usr/bin/sh", kind="missing", expected="a", found="-", line=DRIVER)
    _, damage = compared(one, damage="zstd uncompress failed")
    assert (damage.kind, damage.module, damage.offset) == ("damage", "", 7)


def test_other_bytes_around_the_same_tree_are_an_order() -> None:
    (found,) = compared()
    assert (found.kind, found.module, found.offset) == ("order", "assembly", 7)
