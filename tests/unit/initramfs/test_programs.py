import shutil
from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.host.run import run
from modpkg.initramfs.elf import needs_of
from modpkg.initramfs.files import Directory
from modpkg.initramfs.programs import LISTS, Extras, program_members, read_extras

pytestmark = pytest.mark.programs
PROGRAM = Path("/usr/bin/find")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Give a tree with one program, its loader and its libraries, merged as in Debian."""
    libraries = tmp_path / "usr/lib/x86_64-linux-gnu"
    libraries.mkdir(parents=True)
    (tmp_path / "usr/sbin").mkdir()
    (tmp_path / "usr/lib64").mkdir()
    for link in ("lib", "lib64", "sbin"):
        (tmp_path / link).symlink_to(f"usr/{link}")
    shutil.copyfile(PROGRAM, tmp_path / "usr/sbin/tool")
    for line in run(["ldd", PROGRAM]).stdout.splitlines():
        words = line.split()
        if "=>" in words:
            shutil.copyfile(words[2], libraries / words[0])
    loader = Path(needs_of(PROGRAM.read_bytes()).loader)
    shutil.copyfile(loader, libraries / loader.name)
    (tmp_path / "usr/lib64" / loader.name).symlink_to(f"/lib/x86_64-linux-gnu/{loader.name}")
    return tmp_path


def write(tree: Path, name: str, text: str) -> None:
    (tree / LISTS).mkdir(parents=True, exist_ok=True)
    (tree / LISTS / name).write_text(text)


def test_a_tree_without_lists_wants_nothing(tmp_path: Path) -> None:
    assert read_extras(Directory(tmp_path)) == Extras()
    assert list(program_members(Directory(tmp_path), ())) == []


def test_lists_of_modules_are_joined_in_order_without_repetition(tmp_path: Path) -> None:
    write(tmp_path, "b.list", "program /usr/sbin/b\nmodule xfs\n")
    write(tmp_path, "a.list", "# tools\n\nmodule xfs\nprogram /usr/sbin/a\n")
    assert read_extras(Directory(tmp_path)) == Extras(
        programs=("/usr/sbin/a", "/usr/sbin/b"), modules=("xfs",)
    )


@pytest.mark.parametrize("line", ["program", "programs /usr/sbin/a", "module a b"])
def test_a_line_that_is_neither_is_told_with_its_number(tmp_path: Path, line: str) -> None:
    write(tmp_path, "a.list", f"module xfs\n{line}\n")
    with pytest.raises(ModpkgError, match="cannot read line 2") as raised:
        read_extras(Directory(tmp_path))
    assert raised.value.where.endswith("a.list")


def test_a_program_comes_with_all_that_it_needs_and_runs_there(tree: Path, tmp_path: Path) -> None:
    place = tmp_path / "initrd"
    for member in program_members(Directory(tree), ["/sbin/tool"]):
        path = place / member.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(member.data)
        path.chmod(0o755)
    assert (place / "usr/sbin/tool").is_file()
    loader = needs_of(PROGRAM.read_bytes()).loader
    words = [place / loader.lstrip("/"), "--library-path", place / "usr/lib/x86_64-linux-gnu"]
    assert run([*words, place / "usr/sbin/tool", "--version"]).stdout.startswith("find")


def test_no_path_comes_twice(tree: Path) -> None:
    shutil.copyfile(tree / "usr/sbin/tool", tree / "usr/sbin/other")
    paths = [
        member.path for member in program_members(Directory(tree), ["/usr/sbin/tool", "/usr/sbin/other"])
    ]
    assert len(paths) == len(set(paths)) > 3


def test_a_missing_program_is_told(tree: Path) -> None:
    with pytest.raises(ModpkgError, match="cannot find /usr/sbin/none"):
        list(program_members(Directory(tree), ["/usr/sbin/none"]))


def test_a_missing_library_is_told_with_its_user(tree: Path) -> None:
    for path in (tree / "usr/lib/x86_64-linux-gnu").glob("libc.so*"):
        path.unlink()
    with pytest.raises(ModpkgError, match=r"cannot find the library libc.so.6, which"):
        list(program_members(Directory(tree), ["/usr/sbin/tool"]))


def test_a_script_is_no_program_for_an_initrd(tree: Path) -> None:
    (tree / "usr/sbin/script").write_text("#!/bin/sh\n")
    with pytest.raises(ModpkgError, match="cannot put /usr/sbin/script into the initrd"):
        list(program_members(Directory(tree), ["/usr/sbin/script"]))


def test_a_link_in_a_circle_and_one_that_leads_out_are_not_followed(tree: Path) -> None:
    (tree / "usr/sbin/circle").symlink_to("circle")
    (tree / "usr/sbin/out").symlink_to("../../../../../../../../etc/hostname")
    for name in ("circle", "out"):
        with pytest.raises(ModpkgError, match="cannot find"):
            list(program_members(Directory(tree), [f"/usr/sbin/{name}"]))
