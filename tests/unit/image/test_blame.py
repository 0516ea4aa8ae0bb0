from modpkg.image.blame import GLUE, Owner, Owners
from tests.support.stack import lower, make_module

A, B = "file 0755 0 0 10 " + "a" * 64, "file 0755 0 0 10 " + "b" * 64
CORE = make_module("core", paths={"usr": "dir 0755 0 0", "usr/x": A, "etc/os-release": A})
UPPER = make_module("ib", version="1.0.0-3", paths={"usr/x": f"{B} link=usr/y"}, depends=(lower(CORE),))


def test_the_topmost_module_is_to_blame() -> None:
    owners = Owners.of([UPPER, CORE])
    assert owners.owner("usr/x", B) == Owner("ib", "1.0.0-3", "fragment")
    assert Owners.of([CORE]).owner("usr/x", A) == Owner("core", "12.0.0-1", "fragment")


def test_what_no_module_has_is_the_glue() -> None:
    assert Owners.of([CORE]).owner("var/lib/dpkg/status", A) == Owner(GLUE, "", "glue")


def test_what_lies_over_a_modules_file_is_the_glue() -> None:
    assert Owners.of([CORE]).owner("etc/os-release", B) == Owner(GLUE, "", "glue")


def test_a_directory_is_its_modules_whatever_its_mode() -> None:
    assert Owners.of([CORE]).owner("usr", "dir 0700 0 0").module == "core"


def test_an_extra_path_is_nobodys() -> None:
    assert Owners.of([CORE]).owner("usr/x", "") == Owner("", "", "nothing")
