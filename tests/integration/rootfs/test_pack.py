"""Fragments by the real mksquashfs: equal trees make equal bytes, and all of a tree comes back."""

import os
import random
import stat
from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import Event, Output
from modpkg.host.files import digest_file, receipt_of
from modpkg.host.run import CommandError, run
from modpkg.rootfs.inventory import inventory
from modpkg.rootfs.normalize import DIRECTORY_TIME, set_times
from modpkg.squashfs.pack import Settings, pack_tree, tool_versions, unpack

pytestmark = pytest.mark.programs
SETTINGS = Settings(level=3, block_size=131072, time=DIRECTORY_TIME)
CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")
NAMES = ["usr/bin/a", "usr/bin/b", "usr/lib/two words", "usr/lib/line\nbreak", "usr/lib/münge", "etc/*"]


def make_tree(tree: Path, *, order: list[str] | None = None) -> Path:
    """Make a tree with one of everything."""
    for name in order or NAMES:
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(name).randbytes(200_000) + bytes(300_000))  # noqa: S311 - it only has to be equal
    os.chown(tree / "usr/bin/b", 301, 302)
    os.setxattr(tree / "usr/bin/b", "security.capability", CAPABILITY)
    os.link(tree / "usr/bin/a", tree / "usr/bin/other")
    (tree / "bin").symlink_to("./usr//bin/")
    os.mknod(tree / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod(tree / "fifo", stat.S_IFIFO | 0o600)
    (tree / "empty").mkdir(mode=0o700)
    # Only the umask of the caller is to differ, not what is in the tree.
    modes = {"usr/bin/a": 0o4755, "null": 0o666, "fifo": 0o600, "empty": 0o700}
    for path in tree.rglob("*"):
        if not path.is_symlink():
            path.chmod(modes.get(str(path.relative_to(tree)), 0o755 if path.is_dir() else 0o644))
    (tree / "usr/bin/other").chmod(0o4755)
    set_times(tree, source_date_epoch=1_700_000_000)
    return tree


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    if os.geteuid() != 0:
        pytest.skip("owners and devices need root")
    return make_tree(tmp_path / "tree")


def test_all_of_a_tree_comes_back(tree: Path, tmp_path: Path) -> None:
    pack_tree(tree, tmp_path / "fragment", SETTINGS)
    unpack(tmp_path / "fragment", tmp_path / "back")
    assert inventory(tmp_path / "back") == inventory(tree)


def test_times_come_back(tree: Path, tmp_path: Path) -> None:
    pack_tree(tree, tmp_path / "fragment", SETTINGS)
    unpack(tmp_path / "fragment", tmp_path / "back")
    assert (tmp_path / "back/usr").stat().st_mtime == DIRECTORY_TIME
    assert (tmp_path / "back/usr/bin/a").stat().st_mtime == 1_700_000_000
    assert (tmp_path / "back/bin").lstat().st_mtime == 1_700_000_000


def test_the_receipt_is_of_the_file(tree: Path, tmp_path: Path) -> None:
    receipt = pack_tree(tree, tmp_path / "deep/fragment", SETTINGS)
    assert receipt == receipt_of(tmp_path / "deep/fragment")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["fragment"]


def test_equal_trees_make_equal_bytes_whatever_the_order_of_files_and_the_umask(
    tree: Path, tmp_path: Path
) -> None:
    before = os.umask(0o077)
    try:
        other = make_tree(tmp_path / "a-longer-name", order=list(reversed(NAMES)))
        packed = pack_tree(other, tmp_path / "other", SETTINGS)
    finally:
        os.umask(before)
    assert inventory(other) == inventory(tree)
    assert packed.sha256 == pack_tree(tree, tmp_path / "one", SETTINGS).sha256


def test_the_number_of_processors_does_not_matter(tree: Path, tmp_path: Path) -> None:
    pack_tree(tree, tmp_path / "many", SETTINGS)
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        pack_tree(tree, tmp_path / "one", SETTINGS)
    finally:
        os.sched_setaffinity(0, allowed)
    assert digest_file(tmp_path / "many") == digest_file(tmp_path / "one")


def test_when_a_tree_was_packed_does_not_matter(tree: Path, tmp_path: Path) -> None:
    first = pack_tree(tree, tmp_path / "fragment", SETTINGS)
    (tree / "etc/*").touch()
    set_times(tree, source_date_epoch=1_700_000_000)
    assert pack_tree(tree, tmp_path / "fragment", SETTINGS).sha256 == first.sha256


def test_settings_enter_the_bytes(tree: Path, tmp_path: Path) -> None:
    others = (
        Settings(level=4, block_size=131072, time=DIRECTORY_TIME),
        Settings(level=3, block_size=65536, time=DIRECTORY_TIME),
        Settings(level=3, block_size=131072, time=DIRECTORY_TIME + 1),
    )
    digests = {pack_tree(tree, tmp_path / "f", settings).sha256 for settings in (SETTINGS, *others)}
    assert len(digests) == 4


def test_what_is_excluded_is_not_in_it(tree: Path, tmp_path: Path) -> None:
    pack_tree(tree, tmp_path / "fragment", SETTINGS, exclude=("usr/lib", "null"))
    unpack(tmp_path / "fragment", tmp_path / "back")
    wanted = {
        path: line
        for path, line in inventory(tree).items()
        if path != "null" and not path.startswith("usr/lib")
    }
    assert inventory(tmp_path / "back") == wanted


def test_the_superblock_says_zstd_blocks_and_time(tree: Path, tmp_path: Path) -> None:
    pack_tree(tree, tmp_path / "fragment", SETTINGS)
    shown = run(["unsquashfs", "-stat", tmp_path / "fragment"], env={"TZ": "UTC"}).stdout
    assert "Compression zstd" in shown
    assert "Block size 131072" in shown
    assert "2000" in shown
    assert "not exportable" in shown


def test_an_empty_tree_is_a_fragment(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    pack_tree(tmp_path / "tree", tmp_path / "fragment", SETTINGS)
    unpack(tmp_path / "fragment", tmp_path / "back")
    assert inventory(tmp_path / "back") == {}


def test_a_tree_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot run .*mksquashfs"):
        pack_tree(tmp_path / "nowhere", tmp_path / "out/fragment", SETTINGS)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_old_fragment_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    (tmp_path / "fragment").write_text("old")
    with pytest.raises(CommandError):
        pack_tree(tmp_path / "nowhere", tmp_path / "fragment", SETTINGS)
    assert (tmp_path / "fragment").read_text() == "old"


@pytest.mark.parametrize("content", [b"", b"hsqs", b"hsqs" + bytes(200), os.urandom(5000)])
def test_what_is_no_fragment_cannot_be_unpacked(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "fragment").write_bytes(content)
    with pytest.raises(ModpkgError, match=r"cannot run .*unsquashfs"):
        unpack(tmp_path / "fragment", tmp_path / "back")


def test_a_fragment_that_was_cut_cannot_be_unpacked(tree: Path, tmp_path: Path) -> None:
    receipt = pack_tree(tree, tmp_path / "fragment", SETTINGS)
    os.truncate(tmp_path / "fragment", receipt.size // 2)
    with pytest.raises(ModpkgError):
        unpack(tmp_path / "fragment", tmp_path / "back")


def test_what_programs_say_goes_to_the_sink(tmp_path: Path) -> None:
    events: list[Event] = []
    (tmp_path / "fragment").write_bytes(b"no")
    with pytest.raises(ModpkgError):
        unpack(tmp_path / "fragment", tmp_path / "back", sink=events.append)
    assert any(isinstance(event, Output) and event.program.endswith("unsquashfs") for event in events)


def test_the_versions_are_those_that_the_programs_say() -> None:
    versions = tool_versions()
    assert versions.keys() == {"mksquashfs", "zstd"}
    assert versions["mksquashfs"] in run(["mksquashfs", "-version"], check=False).stdout
    assert versions["zstd"].count(".") == 2
