from __future__ import annotations

from pathlib import Path

import pytest

from modpkg.formats.documents import validate
from modpkg.formats.yaml import parse
from modpkg.model.changelog import Changelog
from modpkg.model.manifest import Manifest

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
