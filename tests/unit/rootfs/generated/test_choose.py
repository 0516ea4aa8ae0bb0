"""Which generated files a module keeps and which are made at assembly: a function of paths, whatever the order."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from modpkg.rootfs.generated.choose import at_assembly, at_build, left_in, own
from modpkg.rootfs.generated.table import CERTIFICATES, HWDB, LDCONFIG, PAM
from tests.support.stack import lower, make_module

if TYPE_CHECKING:
    from modpkg.model.module import Module

HWDB_PROGRAM, HWDB_FILE = "usr/bin/systemd-hwdb", "usr/lib/udev/hwdb.bin"
FILE = "file 0644 0 0 1 " + "0" * 64


def with_paths(name: str, *paths: str, below: tuple[Module, ...] = ()) -> Module:
    return make_module(name, paths=dict.fromkeys(paths, FILE), depends=tuple(map(lower, below)))


CORE = with_paths("core", HWDB_PROGRAM, "usr/sbin/ldconfig", "usr/lib/libc.so.6")


def names(modules: tuple[Module, ...]) -> list[str]:
    return [command.generator.name for command in at_assembly(modules)]


def test_a_module_whose_files_are_all_the_inputs_holds_what_is_made_of_them() -> None:
    paths = ["usr/lib/udev/hwdb.d/60-a.hwdb"]
    (command,) = at_build(paths, [CORE])
    assert command.generator is HWDB
    assert command.argv == (f"/{HWDB_PROGRAM}", "--usr", "update")


def test_one_that_adds_to_a_lower_modules_inputs_holds_nothing() -> None:
    low = with_paths("core", HWDB_PROGRAM, "usr/lib/udev/hwdb.d/20-b.hwdb", HWDB_FILE)
    assert at_build(["usr/lib/udev/hwdb.d/60-a.hwdb"], [low]) == ()


def test_the_cache_of_libraries_is_always_made_at_assembly() -> None:
    assert at_build(["usr/sbin/ldconfig", "usr/lib/libc.so.6"], []) == ()
    assert LDCONFIG not in own(["usr/lib/libc.so.6"], [])
    assert names((CORE,)) == [LDCONFIG.name]


def test_what_one_module_holds_is_not_made_again() -> None:
    alone = with_paths("a", "usr/lib/udev/hwdb.d/60-a.hwdb", HWDB_FILE, below=(CORE,))
    plain = with_paths("b", "usr/bin/b", below=(CORE,))
    assert names((CORE, alone, plain)) == [LDCONFIG.name]


def test_inputs_in_two_modules_are_made_together_in_any_order() -> None:
    one = with_paths("a", "usr/lib/udev/hwdb.d/60-a.hwdb", HWDB_FILE, below=(CORE,))
    two = with_paths("b", "etc/udev/hwdb.d/70-b.hwdb", HWDB_FILE, below=(CORE,))
    found = {tuple(names(order)) for order in permutations((CORE, one, two))}
    assert found == {(LDCONFIG.name, HWDB.name)}


def test_what_no_program_could_make_at_the_build_is_made_once_there_is_one() -> None:
    schemas = with_paths("a", "usr/share/glib-2.0/schemas/a.gschema.xml", below=(CORE,))
    program = with_paths("b", "usr/lib/x86_64-linux-gnu/glib-2.0/glib-compile-schemas", below=(CORE,))
    assert names((CORE, schemas)) == [LDCONFIG.name]
    assert names((CORE, schemas, program)) == [LDCONFIG.name, "schemas of GSettings"]


def test_configuration_of_a_module_that_was_not_below_counts() -> None:
    core = with_paths("core", "usr/sbin/depmod", "usr/lib/depmod.d/a.conf")
    kernel = with_paths(
        "kernel", "usr/lib/modules/6.1/kernel/a.ko", "usr/lib/modules/6.1/modules.dep", below=(core,)
    )
    extra = with_paths("extra", "etc/depmod.d/b.conf", below=(core,))
    assert names((core, kernel)) == []
    assert names((core, kernel, extra)) == ["tables of drivers"]


def test_files_that_stay_as_installed_stay_only_where_all_inputs_are() -> None:
    profiles = ["usr/share/pam-configs/unix"]
    core = with_paths("core", *profiles)
    assert PAM in left_in(profiles, [])
    assert PAM not in left_in(["usr/share/pam-configs/extra"], [core])
    # Without an input of its own it is a change of the lower module's file, and is told as one.
    assert left_in(["etc/pam.d/common-auth"], [core]) == (CERTIFICATES, PAM)
    assert at_build([*profiles, "usr/sbin/pam-auth-update"], []) == ()
