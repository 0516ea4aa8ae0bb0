import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from modpkg.errors import DocumentError
from modpkg.model.module import Module
from modpkg.rootfs.delta import check_layers, take_delta
from modpkg.rootfs.inventory import inventory
from tests.support.stack import make_module, write_files

GOLDEN = Path(__file__).parents[2] / "golden/modules"
RECIPE = "recipes/modules/slurm/recipe.yaml"
FILES = {"usr/bin/ls": "ls", "usr/bin/cat": "cat", "etc/core.conf": "a=1\n", "usr/lib/core/one": "1"}


@pytest.fixture
def core(tmp_path: Path) -> Module:
    tree = write_files(tmp_path / "core", FILES)
    (tree / "bin").symlink_to("usr/bin")
    return make_module("core", paths=inventory(tree))


@pytest.fixture
def upper(tmp_path: Path) -> Path:
    return write_files(tmp_path / "upper", {"usr/bin/slurmd": "slurmd"})


def whiteout(upper: Path, name: str) -> Path:
    path = upper / name
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mknod(path, stat.S_IFCHR, 0)
    return path


def opaque(upper: Path, name: str, attribute: str = "trusted.overlay.opaque", value: bytes = b"y") -> Path:
    path = upper / name
    path.mkdir(parents=True, exist_ok=True)
    os.setxattr(path, attribute, value)
    return path


def check(upper: Path, *below: Module, replaces: tuple[str, ...] = ()) -> None:
    check_layers(upper, below, replaces=replaces, recipe=RECIPE)


def take(upper: Path, *below: Module, replaces: tuple[str, ...] = ()) -> dict[str, str]:
    return take_delta(upper, below, replaces=replaces, recipe=RECIPE)


def messages(caught: pytest.ExceptionInfo[DocumentError]) -> list[str]:
    return [problem.message for problem in caught.value.problems]


def test_a_delta_that_only_adds_is_fine(upper: Path, core: Module) -> None:
    check(upper, core)
    assert (upper / "usr/bin/slurmd").exists()


def test_a_removed_file_of_a_lower_module_is_told_with_its_owner(upper: Path, core: Module) -> None:
    whiteout(upper, "usr/bin/ls")
    with pytest.raises(DocumentError) as caught:
        check(upper, core)
    assert str(caught.value) == (
        f"{RECIPE}: a package or script of it removes /usr/bin/ls of module 'core'\n"
        "  hint: if that is meant, declare it: replaces: [/usr/bin/ls]\n"
        "1 problem"
    )


def test_a_declared_removal_stays_in_the_delta(upper: Path, core: Module) -> None:
    path = whiteout(upper, "usr/bin/ls")
    check(upper, core, replaces=("/usr/bin/ls",))
    assert path.is_char_device()


def test_a_whiteout_over_what_no_module_has_goes_without_a_word(upper: Path, core: Module) -> None:
    path = whiteout(upper, "etc/passwd.lock")
    check(upper, core)
    assert not path.exists()


def test_a_real_device_is_no_whiteout(upper: Path, core: Module) -> None:
    os.mknod(upper / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    check(upper, core)
    assert (upper / "null").is_char_device()


@pytest.mark.parametrize("attribute", ["trusted.overlay.opaque", "user.overlay.opaque"])
def test_an_opaque_directory_hides_one_of_a_lower_module(upper: Path, core: Module, attribute: str) -> None:
    opaque(upper, "usr/lib/core", attribute)
    with pytest.raises(DocumentError) as caught:
        check(upper, core)
    assert messages(caught) == ["a package or script of it removes /usr/lib/core of module 'core'"]


@pytest.mark.parametrize("attribute", ["trusted.overlay.opaque", "user.overlay.opaque"])
def test_the_kernel_marks_every_new_directory_and_that_is_nothing(
    upper: Path, core: Module, attribute: str
) -> None:
    path = opaque(upper, "usr/lib/slurm/plugins", attribute)
    check(upper, core)
    assert path.is_dir()


def test_another_mark_is_not_opaque(upper: Path, core: Module) -> None:
    opaque(upper, "usr/lib/core", value=b"x")
    opaque(upper, "usr/lib", "trusted.overlay.impure")
    check(upper, core)


def test_all_removals_are_told_at_once(upper: Path, core: Module) -> None:
    whiteout(upper, "usr/bin/ls")
    whiteout(upper, "etc/core.conf")
    opaque(upper, "usr/lib/core")
    with pytest.raises(DocumentError) as caught:
        check(upper, core, replaces=("/etc/core.conf",))
    assert messages(caught) == [
        "a package or script of it removes /usr/bin/ls of module 'core'",
        "a package or script of it removes /usr/lib/core of module 'core'",
    ]


def test_nothing_goes_when_something_is_refused(upper: Path, core: Module) -> None:
    free = whiteout(upper, "etc/free")
    whiteout(upper, "usr/bin/ls")
    with pytest.raises(DocumentError):
        check(upper, core)
    assert free.is_char_device()


def test_a_delta_is_what_is_new(upper: Path, core: Module) -> None:
    paths = take(upper, core)
    assert set(paths) == {"usr/bin/slurmd"} | {"usr", "usr/bin"}
    assert paths == inventory(upper)


def test_unchanged_copies_go_with_directories_that_only_led_to_them(upper: Path, core: Module) -> None:
    write_files(upper, {"usr/lib/core/one": "1", "etc/core.conf": "a=1\n"})
    (upper / "bin").symlink_to("usr/bin")
    paths = take(upper, core)
    assert set(paths) == {"usr", "usr/bin", "usr/bin/slurmd"}
    assert sorted(str(path.relative_to(upper)) for path in upper.rglob("*")) == sorted(paths)


def test_a_directory_of_a_lower_module_stays_over_something_new(upper: Path, core: Module) -> None:
    write_files(upper, {"usr/lib/core/one": "1", "usr/lib/core/two": "2"})
    paths = take(upper, core)
    assert {"usr/lib", "usr/lib/core", "usr/lib/core/two"} <= set(paths)
    assert "usr/lib/core/one" not in paths


def test_an_empty_directory_that_is_new_stays(upper: Path, core: Module) -> None:
    (upper / "var/spool/slurm").mkdir(parents=True)
    assert "var/spool/slurm" in take(upper, core)


def test_without_modules_below_everything_is_new(upper: Path) -> None:
    assert take(upper) == inventory(upper)


def change_content(path: Path) -> None:
    path.write_text("other")


def change_mode(path: Path) -> None:
    path.chmod(0o4755)


def change_owner(path: Path) -> None:
    os.chown(path, 0, 12)


def change_attributes(path: Path) -> None:
    os.setxattr(path, "security.capability", bytes.fromhex("0100000200200000000000000000000000000000"))


def change_kind(path: Path) -> None:
    path.unlink()
    path.symlink_to("cat")


def change_to_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


CHANGES = [change_content, change_mode, change_owner, change_attributes, change_kind, change_to_directory]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_path_is_an_error(upper: Path, core: Module, change: Callable[[Path], None]) -> None:
    path = write_files(upper, {"usr/bin/ls": "ls"}) / "usr/bin/ls"
    change(path)
    with pytest.raises(DocumentError) as caught:
        take(upper, core)
    assert messages(caught) == ["a package or script of it changes /usr/bin/ls of module 'core'"]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_is_declared_is_in_the_delta(
    upper: Path, core: Module, change: Callable[[Path], None]
) -> None:
    path = write_files(upper, {"usr/bin/ls": "ls"}) / "usr/bin/ls"
    change(path)
    assert take(upper, core, replaces=("/usr/bin/ls",))["usr/bin/ls"] == inventory(upper)["usr/bin/ls"]


def test_the_mode_of_a_directory_below_may_not_change(upper: Path, core: Module) -> None:
    (upper / "usr/bin").chmod(0o700)
    with pytest.raises(DocumentError) as caught:
        take(upper, core)
    assert messages(caught) == ["a package or script of it changes /usr/bin of module 'core'"]


def test_times_are_no_change(upper: Path, core: Module) -> None:
    path = write_files(upper, {"usr/bin/ls": "ls"}) / "usr/bin/ls"
    os.utime(path, (1, 1))
    assert "usr/bin/ls" not in take(upper, core)


def test_all_changes_are_told_at_once_with_both_sides(
    upper: Path, core: Module, golden: Callable[[Path, str], None]
) -> None:
    python = make_module("python", paths={"usr/bin/python3": "symlink 0777 0 0 python3.11"})
    write_files(upper, {"usr/bin/ls": "other", "etc/core.conf": "a=2\n"})
    (upper / "usr/bin/python3").symlink_to("python3.12")
    with pytest.raises(DocumentError) as caught:
        take(upper, core, python)
    golden(GOLDEN / "lower-module-changed.txt", f"{caught.value}\n")


def test_nothing_is_removed_when_something_is_refused(upper: Path, core: Module) -> None:
    write_files(upper, {"usr/bin/cat": "cat", "usr/bin/ls": "other"})
    with pytest.raises(DocumentError):
        take(upper, core)
    assert (upper / "usr/bin/cat").exists()


def test_the_nearest_module_below_owns_a_path(upper: Path, core: Module) -> None:
    line = inventory(write_files(upper.parent / "other", {"usr/bin/ls": "newer"}))["usr/bin/ls"]
    above = make_module("coreutils", paths={"usr/bin/ls": line})
    write_files(upper, {"usr/bin/ls": "newer"})
    assert "usr/bin/ls" not in take(upper, core, above)


def test_other_names_of_a_file_below_are_no_change(tmp_path: Path, upper: Path) -> None:
    lower = write_files(tmp_path / "lower", {"usr/bin/bzip2": "bzip2"})
    os.link(lower / "usr/bin/bzip2", lower / "usr/bin/bzcat")
    core = make_module("core", paths=inventory(lower))
    write_files(upper, {"usr/bin/bzip2": "bzip2"})
    assert "usr/bin/bzip2" not in take(upper, core)


def test_a_new_name_of_a_file_below_becomes_a_file_of_its_own(upper: Path, core: Module) -> None:
    # link() in an overlay copies the file up: both names lie in the upper directory, the first as a copy.
    write_files(upper, {"usr/bin/cat": "cat"})
    os.link(upper / "usr/bin/cat", upper / "usr/bin/kitten")
    paths = take(upper, core)
    assert "usr/bin/cat" not in paths
    assert "link=" not in paths["usr/bin/kitten"]
    assert paths == inventory(upper)
