"""The texts of /usr/share/doc, judged by python-debian."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from debian.changelog import Changelog
from debian.copyright import Copyright

from modpkg.formats.package_docs import changelog_text, copyright_text, package_list, paragraphs
from tests.support.modules import module

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def far_time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(os.environ, "TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_changelog_is_what_debian_reads() -> None:
    parsed = Changelog(changelog_text(module()), strict=True)
    assert [str(version) for version in parsed.versions] == ["23.11.4-2", "23.11.4-1"]
    assert parsed.package == "modpkg-module-slurm-bookworm"
    newest = next(iter(parsed))
    assert (newest.author, newest.date) == (
        "Ada Packager <ada@cluster.example>",
        "Thu, 09 Oct 2025 08:53:20 +0000",
    )
    assert (newest.distributions, newest.urgency) == ("bookworm", "medium")


def test_changelog_lines_fit_eighty_columns() -> None:
    assert max(map(len, changelog_text(module()).splitlines())) < 80


@pytest.mark.usefixtures("far_time_zone")
def test_changelog_ignores_the_time_zone_of_the_machine() -> None:
    assert "Thu, 09 Oct 2025 08:53:20 +0000" in changelog_text(module())


def test_copyright_is_dep5() -> None:
    parsed = Copyright(copyright_text(module()).splitlines(keepends=True), strict=True)
    files = parsed.find_files_paragraph("usr/bin/anything")
    assert files is not None
    assert files.license is not None
    assert files.license.synopsis == "GPL-3.0-or-later"
    assert files.copyright == "2024-2025 Ada Packager <ada@cluster.example>"
    assert "common-licenses/GPL-3." in files.license.text
    assert "munge 1:22.05.8-4+deb12u2 (GPL-2.0-or-later)" in (parsed.header.comment or "")


def test_copyright_of_a_module_without_packages_and_with_another_license() -> None:
    text = copyright_text(module(packages=[], license="MPL-2.0", changelog=module().changelog[:1]))
    parsed = Copyright(text.splitlines(keepends=True), strict=True)
    assert parsed.header.comment is None
    assert "SPDX name, MPL-2.0." in text
    assert "Copyright: 2025 Ada" in text


def test_package_list_is_sorted() -> None:
    expected = "munge 1:22.05.8-4+deb12u2 munge\nslurmd 1:22.05.8-4+deb12u2 slurm-wlm\n"
    assert package_list(module()) == expected


def test_paragraphs_hold_words_alone() -> None:
    made = module(description="  one\n two\n\n \n\n  . three\n")
    assert paragraphs(made)[:2] == ("one two", ". three")
    assert len(paragraphs(module(description=""))) == 1


def test_each_license_of_an_expression_is_named() -> None:
    text = copyright_text(module(license="GPL-2.0-only OR (BSD-2-Clause AND Apache-2.0)"))
    assert "/usr/share/common-licenses/GPL-2." in text
    assert "/usr/share/common-licenses/Apache-2.0." in text
    assert " The full text of BSD-2-Clause is known by that SPDX name." in text
