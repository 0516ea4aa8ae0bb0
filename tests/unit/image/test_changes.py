import pytest

from modpkg.image.changes import (
    Layout,
    differing_facts,
    file_changes,
    module_changes,
    package_changes,
)
from modpkg.model.module import ChangelogEntry, IncludedPackage, Module
from tests.support.stack import make_fragment, make_module

A, B = "file 0755 0 0 10 " + "a" * 64, "file 0755 0 0 10 " + "b" * 64


def entry(version: str) -> ChangelogEntry:
    return ChangelogEntry(
        version=version,
        date="2024-01-01T00:00:00Z",
        author="A <a@example.org>",
        urgency="low",
        changes=("x",),
    )


def slurm(version: str, *, seed: str | None = None, size: int = 4096) -> Module:
    revision = int(version.rpartition("-")[2])
    fragment = make_fragment(seed or version).model_copy(update={"size": size})
    entries = tuple(entry(f"22.0.{number}-{number}") for number in range(revision, 0, -1))
    return make_module("slurm", version=version, fragment=fragment, changelog=entries)


def package(name: str, version: str) -> IncludedPackage:
    return IncludedPackage(
        name=name,
        version=version,
        architecture="amd64",
        source=f"src-{name}",
        source_version=version.partition("+b")[0],
        sha256="0" * 64,
    )


def test_a_module_goes_up_with_the_entries_in_between() -> None:
    (change,) = module_changes([slurm("22.0.1-1")], [slurm("22.0.3-3", size=5000)])
    assert (change.step, change.old, change.new, change.delta) == ("up", "22.0.1-1", "22.0.3-3", 904)
    assert [one.version for one in change.entries] == ["22.0.3-3", "22.0.2-2"]


def test_of_a_module_that_goes_down_the_entries_are_those_undone() -> None:
    (change,) = module_changes([slurm("22.0.3-3")], [slurm("22.0.2-2")])
    assert change.step == "down"
    assert [one.version for one in change.entries] == ["22.0.3-3"]


def test_versions_are_compared_as_numbers() -> None:
    (change,) = module_changes([slurm("22.0.9-9")], [slurm("22.0.10-10")])
    assert change.step == "up"


def test_modules_come_and_go_without_entries() -> None:
    come, gone = module_changes([make_module("ib")], [make_module("nfs")])
    assert (come.name, come.step, come.delta, come.entries) == ("ib", "out", -4096, ())
    assert (gone.name, gone.step, gone.delta) == ("nfs", "in", 4096)


def test_another_content_under_the_same_version_is_told() -> None:
    (change,) = module_changes([slurm("22.0.1-1")], [slurm("22.0.1-1", seed="other")])
    assert (change.step, change.entries) == ("same", ())


def test_equal_modules_do_not_change() -> None:
    assert module_changes([slurm("22.0.1-1")], [slurm("22.0.1-1")]) == ()


def test_packages_are_compared_as_dpkg_does() -> None:
    old = make_module(packages=(package("a", "1.0~rc1-1"), package("b", "1:0.9"), package("c", "2.0-1")))
    new = make_module(packages=(package("a", "1.0-1"), package("b", "2.0"), package("d", "1")))
    found = {one.name: (one.step, one.old, one.new) for one in package_changes([old], [new])}
    assert found == {
        "a": ("up", "1.0~rc1-1", "1.0-1"),
        "b": ("down", "1:0.9", "2.0"),
        "c": ("out", "2.0-1", ""),
        "d": ("in", "", "1"),
    }


def test_a_package_names_all_modules_that_bring_it() -> None:
    new = [make_module(name, packages=(package("a", "2"),)) for name in ("core", "ib")]
    old = [make_module("core", packages=(package("a", "1"),))]
    (change,) = package_changes(old, new)
    assert (change.modules, change.source) == (("core", "ib"), "src-a")
    assert (change.old_source_version, change.new_source_version) == ("1", "2")


def test_files_are_added_removed_and_changed() -> None:
    old = make_module("core", paths={"usr/a": A, "usr/b": A, "usr/c": A})
    new = make_module("core", paths={"usr/b": B, "usr/c": f"{A} link=usr/d", "usr/d": A})
    found = [(f.path, f.step, f.module, f.what) for f in file_changes(Layout.of([old]), Layout.of([new]))]
    assert found == [
        ("/usr/a", "removed", "core", ()),
        ("/usr/b", "changed", "core", ("content",)),
        ("/usr/d", "added", "core", ()),
    ]


def test_a_file_that_moves_to_another_module_does_not_change() -> None:
    old = [make_module("core", paths={"usr/a": A}), make_module("ib")]
    new = [make_module("core"), make_module("ib", paths={"usr/a": A})]
    assert file_changes(Layout.of(old), Layout.of(new)) == ()


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (A, A.replace("0755", "0700"), ("mode",)),
        (A, A.replace("0 0 10", "5 6 10"), ("owner", "group")),
        (A, "dir 0755 0 0", ("type",)),
        (A, f"{A} security.capability=01", ("attributes",)),
        (A, f"{B} security.capability=01".replace("0755", "0700"), ("mode", "content", "attributes")),
        ("symlink 0777 0 0 a", "symlink 0777 0 0 b", ("target",)),
        ("char 0600 0 0 1:3", "char 0600 0 0 1:5", ("device",)),
        ("dir 0755 0 0", "dir 0755 0 0 user.x=01", ("attributes",)),
    ],
)
def test_what_differs_of_a_path(old: str, new: str, what: tuple[str, ...]) -> None:
    assert differing_facts(old, new) == what
