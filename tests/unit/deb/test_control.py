"""The control stanza of a module's .deb."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from debian.deb822 import Deb822, Packages

from modpkg.deb.control import control_fields, installed_size, stanza
from modpkg.errors import ModpkgError
from modpkg.formats.payload import Entry, entries
from tests.support.modules import module
from tests.support.packages import without_module_json

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parents[2] / "golden" / "packages"


def fields(**changes: object) -> dict[str, str]:
    made = module(**changes)  # type: ignore[arg-type]
    content = entries(made, {}, changelog="changelog.Debian.gz")
    return control_fields(made, without_module_json(content))


def test_stanza_is_the_golden_one(golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / "control", stanza(fields(marks=("fast", "unreleased"))))


def test_python_debian_reads_the_same_fields() -> None:
    written = fields()
    assert dict(Deb822(stanza(written))) == written


def test_relations_are_debian_relations() -> None:
    relations = Packages(stanza(fields())).relations
    assert [
        (found[0]["name"], found[0]["version"])
        for key in ("depends", "conflicts")
        for found in relations[key]
    ] == [("modpkg-module-core-bookworm", ("=", "12.0.3-41")), ("modpkg-module-slurm-22-bookworm", None)]
    assert ("munge", ("=", "22.05.8-4+deb12u2")) in {
        (found[0]["name"], found[0]["version"]) for found in relations["built-using"]
    }


def test_no_field_is_empty() -> None:
    bare = fields(depends=[], conflicts=[], packages=[], marks=())
    assert not {"Depends", "Conflicts", "Built-Using", "Modpkg-Marks"} & set(bare)
    assert all(value.strip() for value in bare.values())


def test_a_source_with_several_packages_is_named_once() -> None:
    packages = [package.model_dump() | {"source": "munge"} for package in module().packages]
    assert fields(packages=packages)["Built-Using"] == "munge (= 22.05.8-4+deb12u2)"


def test_description_is_folded_and_keeps_paragraphs() -> None:
    lines = fields(description="one\n\n  two words " + "again " * 40)["Description"].split("\n")
    assert lines[:4] == [
        "workload manager for clusters",
        " one",
        " .",
        " two words " + " ".join(["again"] * 11),
    ]
    assert max(map(len, lines)) < 80


def test_installed_size_counts_whole_kibibytes_and_directories() -> None:
    sizes = [Entry(path=str(size), kind="file", size=size) for size in (0, 1, 1024, 1025)]
    assert installed_size([*sizes, Entry(path="d", kind="directory")]) == 0 + 1 + 1 + 2 + 1


@pytest.mark.parametrize("value", ["", " ", "a\nEvil: yes", "a\n", "a\n\n b", "a\x00b", "a\rb", "\n long"])
def test_refuses_a_value_that_would_break_the_stanza(value: str) -> None:
    with pytest.raises(ModpkgError, match="cannot write the field Homepage"):
        stanza({"Homepage": value})
