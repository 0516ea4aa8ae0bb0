"""Names in a module.json that would lead an assembly, which works as root, out of its directory."""

from __future__ import annotations

import pytest

from modpkg.image.check import check
from modpkg.image.finding import CheckError
from modpkg.image.shape import shape_findings
from modpkg.model.module import Alternative, Choice, State
from tests.support.stack import make_module

FILE = "file 0644 0 0 1 x"
DIRECTORY = "dir 0755 0 0"
LINK = "symlink 0777 0 0 /etc"
CORE = make_module("core", paths={"usr": DIRECTORY, "usr/lib": DIRECTORY, "lib": "symlink 0777 0 0 usr/lib"})


def found(*modules: object) -> list[tuple[str, str]]:
    return [(finding.about, finding.what) for finding in shape_findings(modules)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/cron.d/liba.so",
        "usr/../../etc/liba.so",
        "usr/..",
        "..",
        ".",
        "./usr/x",
        "/etc/liba.so",
        "usr//liba.so",
        "usr/./liba.so",
        "usr/",
        "",
        "usr/a\0b",
    ],
)
def test_a_path_that_leads_out_is_found(path: str) -> None:
    module = make_module("evil", paths={path: FILE})
    assert (f"name {path!r}", "leads out of an image") in found(CORE, module)
    with pytest.raises(CheckError, match="leads out of an image"):
        check([CORE, module])


@pytest.mark.parametrize(
    "path", ["usr/...", "usr/..a", "usr/a..", "usr/.a", ".a", "usr/a\nb", "usr/ä ", "usr/a\\b"]
)
def test_a_path_that_only_looks_odd_is_none(path: str) -> None:
    assert found(CORE, make_module("plain", paths={path: FILE})) == []


def test_so_is_a_database_that_a_pattern_would_take() -> None:
    path = "var/lib/dpkg/triggers/../../../../../etc/cron.d/evil"
    module = make_module("evil", state=State(lines={path: ("* * * * * root true",)}))
    assert found(CORE, module) == [(f"name {path!r}", "leads out of an image")]


@pytest.mark.parametrize("name", ["../../../etc/cron.d/evil", "a/b", "", ".", "..", "a\0b"])
def test_so_are_names_of_alternatives_and_the_release_of_a_kernel(name: str) -> None:
    plain = Alternative(link="/usr/bin/editor")
    slave = Alternative(link="/usr/bin/editor", slaves={name: "/usr/share/man/x"})
    choice = Alternative(
        link="/usr/bin/editor", choices=(Choice(path="/bin/x", priority=1, slaves={name: "/x"}),)
    )
    for state in (
        State(alternatives={name: plain}),
        State(alternatives={"editor": slave}),
        State(alternatives={"editor": choice}),
    ):
        assert found(make_module("evil", state=state)) == [(f"name {name!r}", "leads out of an image")]
    assert found(make_module("evil", kernel=name)) == [(f"name {name!r}", "leads out of an image")]


@pytest.mark.parametrize("path", ["lib/liba.so", "lib/deep/er/liba.so"])
def test_a_path_below_the_link_of_another_module_is_found(path: str) -> None:
    module = make_module("evil", paths={path: FILE})
    assert found(CORE, module) == [(f"/{path}", "lies below a symlink, where a directory has to be")]


def test_a_path_below_a_link_of_its_own_is_found_whatever_the_order() -> None:
    module = make_module("evil", paths={"a/liba.so": LINK, "a": LINK, "b": FILE, "b/c": FILE})
    assert found(CORE, module) == [
        ("/a/liba.so", "lies below a symlink, where a directory has to be"),
        ("/b/c", "lies below a file, where a directory has to be"),
    ]


def test_directories_need_not_be_listed() -> None:
    assert found(CORE, make_module("plain", paths={"opt/a/b/c": FILE, "usr/lib/x": FILE})) == []
