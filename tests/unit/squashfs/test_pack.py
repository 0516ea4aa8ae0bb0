from itertools import pairwise
from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import ignore
from modpkg.host.files import receipt_of
from modpkg.host.run import Completed
from modpkg.squashfs import pack as subject
from modpkg.squashfs.pack import (
    Settings,
    pack_tree,
    tool_versions,
    unpack,
    unpack_damaged,
    unpack_some,
)

SETTINGS = Settings(level=7, block_size=131072, time=946684800)
VERSION = "mksquashfs version 4.5.1 (2022/03/17)\ncopyright (C) 2022 Phillip Lougher\n"


class Program:
    """Takes the place of mksquashfs and unsquashfs."""

    def __init__(self, stdout: str = VERSION) -> None:
        self.commands: list[list[str]] = []
        self.stdout = stdout
        self.error: Exception | None = None

    def __call__(self, argv: list[object], **_: object) -> Completed:
        words = [str(word) for word in argv]
        self.commands.append(words)
        if words[0] == "mksquashfs" and len(words) > 2:
            Path(words[2]).write_bytes(b"hsqs")
        if self.error:
            raise self.error
        return Completed(tuple(words), 0, self.stdout, "")


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Program:
    made = Program()
    monkeypatch.setattr(subject, "run", made)
    return made


def options(command: list[str]) -> dict[str, str]:
    return {name: value for name, value in pairwise(command) if name.startswith("-")}


def test_a_tree_is_packed_with_all_that_decides_its_bytes(tmp_path: Path, program: Program) -> None:
    receipt = pack_tree(tmp_path / "tree", tmp_path / "out/fragment", SETTINGS)
    (command,) = program.commands
    assert command[:2] == ["mksquashfs", str(tmp_path / "tree")]
    given = options(command)
    assert (given["-comp"], given["-Xcompression-level"], given["-b"]) == ("zstd", "7", "131072")
    assert given["-mkfs-time"] == "946684800"
    assert {"-noappend", "-no-exports", "-xattrs", "-no-progress"} <= set(command)
    assert receipt == receipt_of(tmp_path / "out/fragment")


def test_tails_are_never_packed_together(tmp_path: Path, program: Program) -> None:
    # mksquashfs 4.5.1 wrote a fragment with it that nobody could read.
    pack_tree(tmp_path, tmp_path / "fragment", SETTINGS)
    assert "-always-use-fragments" not in program.commands[0]


def test_what_is_to_stay_out_comes_last(tmp_path: Path, program: Program) -> None:
    pack_tree(tmp_path, tmp_path / "fragment", SETTINGS, exclude=("boot/vmlinuz", "a b"))
    assert program.commands[0][-3:] == ["-e", "boot/vmlinuz", "a b"]
    pack_tree(tmp_path, tmp_path / "fragment", SETTINGS)
    assert "-e" not in program.commands[1]


def test_a_program_that_fails_leaves_nothing_and_the_old_file(tmp_path: Path, program: Program) -> None:
    (tmp_path / "fragment").write_text("old")
    program.error = ModpkgError("cannot run mksquashfs")
    with pytest.raises(ModpkgError):
        pack_tree(tmp_path, tmp_path / "fragment", SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["fragment"]
    assert (tmp_path / "fragment").read_text() == "old"


def test_a_fragment_is_unpacked_into_a_new_directory(tmp_path: Path, program: Program) -> None:
    unpack(tmp_path / "fragment", tmp_path / "tree", sink=ignore)
    (command,) = program.commands
    assert command[0] == "unsquashfs"
    assert options(command)["-dest"] == str(tmp_path / "tree")
    assert command[-1] == str(tmp_path / "fragment")


def test_the_version_is_the_third_word(program: Program) -> None:
    assert tool_versions()["mksquashfs"] == "4.5.1"
    assert program.commands == [["mksquashfs", "-version"]]


@pytest.mark.parametrize("text", ["", "busybox mksquashfs\n", "version\n", "mksquashfs: not found\n"])
def test_another_program_of_that_name_is_refused(program: Program, text: str) -> None:
    program.stdout = text
    with pytest.raises(ModpkgError, match="cannot tell the version of mksquashfs"):
        tool_versions()


def test_a_missing_library_names_its_package(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    del program

    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(subject.ctypes, "CDLL", missing)
    with pytest.raises(ModpkgError, match=r"cannot load libzstd\.so\.1\n  hint: apt-get install libzstd1"):
        tool_versions()


def test_some_paths_are_unpacked_by_their_names(tmp_path: Path, program: Program) -> None:
    unpack_some(tmp_path / "fragment", tmp_path / "tree", ["usr/a*b", "etc"])
    (command,) = program.commands
    assert command[0] == "unsquashfs"
    assert "-no-wildcards" in command, "a name with a star is a name"
    assert command[-3:] == [str(tmp_path / "fragment"), "usr/a*b", "etc"]


@pytest.mark.parametrize(
    ("status", "stdout", "stderr", "reason"),
    [
        (0, "", "a warning", ""),
        (
            2,
            "",
            "131072 31702\nzstd uncompress failed with error code 10\nmore",
            "zstd uncompress failed with error code 10",
        ),
        (
            1,
            "FATAL ERROR: File system corruption detected",
            "",
            "FATAL ERROR: File system corruption detected",
        ),
        (1, "", "", "unsquashfs ended with status 1"),
    ],
)
def test_what_is_damaged_is_told_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, stdout: str, stderr: str, reason: str
) -> None:
    monkeypatch.setattr(subject, "run", lambda *_, **__: Completed(("unsquashfs",), status, stdout, stderr))
    assert unpack_damaged(tmp_path / "image", tmp_path / "tree") == reason
