from __future__ import annotations

from pathlib import Path

import pytest

from modpkg.formats.documents import validate
from modpkg.formats.yaml import parse
from modpkg.model.changelog import Changelog
from modpkg.model.manifest import Manifest
from modpkg.model.recipe import Recipe

ENTRY = '{{version: "{0}", date: "{1}T00:00:00Z", author: "A <a@b>", changes: [x]}}'


def changelog(*entries: tuple[str, str]) -> list[str]:
    text = "entries:\n" + "".join(f"- {ENTRY.format(*entry)}\n" for entry in entries)
    return [p.message for p in validate(Path("f"), parse(text, file="f"), Changelog).problems]


def manifest(modules: str) -> list[str]:
    text = f"name: a\nplatform: p\nchannel: c\nmodules: {modules}\n"
    return [p.message for p in validate(Path("f"), parse(text, file="f"), Manifest).problems]


def test_a_changelog_in_order() -> None:
    assert changelog(("2.0.0-3", "2024-03-01"), ("1.10.0-2", "2024-02-01"), ("1.9.0-1", "2024-01-01")) == []


def test_revisions_count_the_entries_across_versions() -> None:
    assert changelog(("2.0.0-1", "2024-02-01"), ("1.0.0-1", "2024-01-01")) == [
        "entries[0].version: the revision is 1, not 2"
    ]


def test_versions_are_compared_as_numbers() -> None:
    assert changelog(("1.9.0-2", "2024-02-01"), ("1.10.0-1", "2024-01-01")) == [
        "entries[1].version: 1.10.0-1 is higher than 1.9.0-2 above it"
    ]


@pytest.mark.parametrize("older", ["2024-02-01", "2024-02-02"])
def test_dates_fall_strictly(older: str) -> None:
    (message,) = changelog(("1.0.0-2", "2024-02-01"), ("1.0.0-1", older))
    assert message.startswith("entries[1].date: ")


def test_an_image_has_core_and_nothing_twice() -> None:
    assert manifest('[{name: core, version: "~1"}]') == []
    assert manifest('[{name: a, version: "~1"}, {name: a, version: "~2"}]') == [
        "modules[1].name: 'a' is there twice",
        "modules: the module 'core' is missing",
    ]


def test_revisions_out_of_order_are_told_as_such_only() -> None:
    assert changelog(("1.0.0-1", "2024-02-01"), ("1.0.0-2", "2024-01-01")) == [
        "entries[0].version: the revision is 1, not 2",
        "entries[1].version: the revision is 2, not 1",
    ]


def licensed(text: str) -> list[str]:
    base = Path(__file__).parents[2] / "golden/documents/base/recipes/modules/slurm/recipe.yaml"
    recipe = base.read_text().replace("GPL-2.0-or-later", text)
    return [problem.message for problem in validate(base, parse(recipe, file="f"), Recipe).problems]


@pytest.mark.parametrize(
    "text",
    [
        "MIT",
        "GPL-2.0+",
        "GPL-2.0-or-later WITH GCC-exception-3.1",
        "MIT AND (BSD-3-Clause OR X11)",
        "LicenseRef-Site-Secret",
        "MIT OR LicenseRef-Site.2",
    ],
)
def test_spdx_expressions(text: str) -> None:
    assert licensed(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Nope-1.0 AND",
        "Nope-1.0",
        "MIT MIT",
        "MIT OR (X11",
        "()",
        "AND",
        "MIT WITH X11",
        "LicenseRef-",
        "MIT, X11",
    ],
)
def test_what_is_no_spdx_expression(text: str) -> None:
    (message,) = licensed(text)
    assert message.startswith(f"license: {text!r} is no SPDX expression")


def test_licences_are_written_as_spdx_does() -> None:
    assert licensed("mit or x11") == ["license: SPDX writes 'mit or x11' in another way"]
