"""What is taken of a generator's work, and what of a tree is dropped. Runs of real generators are in integration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import ignore
from modpkg.rootfs.generated.run import drop_generated, run_generators, take
from modpkg.rootfs.generated.table import CERTIFICATES, GIO_MODULES, HWDB, LDCONFIG, PAM
from tests.support.stack import write_files

if TYPE_CHECKING:
    from pathlib import Path


def texts(tree: Path) -> dict[str, str]:
    files = (path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path.relative_to(tree)): path.read_text() for path in files}


def test_files_that_a_generator_makes_are_moved_and_litter_stays(tmp_path: Path) -> None:
    upper = write_files(
        tmp_path / "upper",
        {"etc/ld.so.cache": "new", "var/cache/ldconfig/aux-cache": "x", "usr/lib/udev/hwdb.bin": "db"},
    )
    target = write_files(tmp_path / "glue", {"etc/ld.so.cache": "old", "etc/passwd": "p"})
    made = list(take(upper, target, [LDCONFIG, HWDB]))
    assert made == ["etc/ld.so.cache", "usr/lib/udev/hwdb.bin"]
    assert texts(target) == {"etc/ld.so.cache": "new", "etc/passwd": "p", "usr/lib/udev/hwdb.bin": "db"}


def test_any_other_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    upper = write_files(tmp_path / "upper", {"etc/surprise": "x"})
    with pytest.raises(ModpkgError, match="wrote /etc/surprise, which no rule knows"):
        list(take(upper, tmp_path / "glue", [LDCONFIG]))


def test_new_directories_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    upper = write_files(tmp_path / "upper", {"etc/ssl/certs/a.pem": "x"})
    before = os.umask(0o077)
    try:
        list(take(upper, tmp_path / "glue", [CERTIFICATES]))
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "glue").rglob("*") if path.is_dir()} == {
        0o755
    }


def test_links_are_moved_as_links(tmp_path: Path) -> None:
    (tmp_path / "upper/etc/ssl/certs").mkdir(parents=True)
    (tmp_path / "upper/etc/ssl/certs/1234abcd.0").symlink_to("a.pem")
    list(take(tmp_path / "upper", tmp_path / "glue", [CERTIFICATES]))
    assert str((tmp_path / "glue/etc/ssl/certs/1234abcd.0").readlink()) == "a.pem"


def test_lines_in_the_order_of_a_directory_are_sorted(tmp_path: Path) -> None:
    path = "usr/lib/x86_64-linux-gnu/gio/modules/giomodule.cache"
    upper = write_files(tmp_path / "upper", {path: "b.so: x\na.so: y\n"})
    list(take(upper, tmp_path / "glue", [GIO_MODULES]))
    assert (tmp_path / "glue" / path).read_text() == "a.so: y\nb.so: x\n"


def test_without_commands_nothing_is_mounted(tmp_path: Path) -> None:
    assert run_generators(tmp_path, lower=[], commands=[], work=tmp_path / "work", sink=ignore) == ()
    assert not (tmp_path / "work").exists()


def test_generated_files_are_dropped_but_those_that_are_kept(tmp_path: Path) -> None:
    kept = {"etc/pam.d/common-auth": "x", "etc/pam.d/login": "x", "usr/lib/udev/hwdb.d/a.hwdb": "x"}
    dropped = {"etc/ld.so.cache": "x", "etc/ssl/certs/a.pem": "x", "usr/lib/udev/hwdb.bin": "x"}
    write_files(tmp_path, {**kept, **dropped})
    (tmp_path / "etc/ssl/certs/b.pem").symlink_to("nowhere")
    assert drop_generated(tmp_path, keep=[PAM]) == tuple(sorted([*dropped, "etc/ssl/certs/b.pem"]))
    assert texts(tmp_path) == kept
    assert (tmp_path / "etc/ssl/certs").is_dir()
