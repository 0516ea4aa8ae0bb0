from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.apt.stanza import Entry, parse_packages, render_stanza

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parents[2] / "golden/repository"


def entry(name: str = "modpkg-module-core-bookworm", version: str = "12.0.3-9", **fields: str) -> Entry:
    control = {
        "Package": name,
        "Version": version,
        "Architecture": "amd64",
        "Depends": "modpkg-module-base-bookworm (= 1.0.0-1)",
        "Modpkg-Fragment-Sha256": "c" * 64,
        "Modpkg-Fragment-Size": "42",
        "Description": "core of a node\n Two lines\n .\n of text.",
        **fields,
    }
    digest = "ab" * 32
    return Entry(
        control=control, path=f"pool/ab/{digest}/{name}_{version}_amd64.deb", size=1234, sha256=digest
    )


def test_packages_looks_as_it_always_did(golden: Callable[[Path, str], None]) -> None:
    entries = [entry(), entry(version="12.0.10-41"), entry("modpkg-module-slurm-bookworm", "23.2.0-1")]
    golden(GOLDEN / "Packages", "".join(map(render_stanza, entries)))


def test_what_is_written_can_be_read() -> None:
    entries = [entry(), entry("modpkg-module-slurm-bookworm", "23.2.0-1")]
    assert list(parse_packages("".join(map(render_stanza, entries)))) == entries


def test_no_packages_is_an_empty_file() -> None:
    assert list(parse_packages("")) == []


@pytest.mark.parametrize("field", ["Filename", "filename", "Size", "SHA256", "SHA1", "MD5sum"])
def test_a_package_cannot_say_itself_where_it_lies(field: str) -> None:
    assert render_stanza(entry(**{field: "evil"})) == render_stanza(entry())


def test_a_field_that_begins_on_its_second_line_is_kept() -> None:
    stanza = render_stanza(entry(Conffiles="\n /etc/a 1\n /etc/b 2"))
    assert "Conffiles:\n /etc/a 1\n /etc/b 2\n" in stanza


@pytest.mark.parametrize("field", ["Filename", "Size", "SHA256"])
def test_a_stanza_without_its_file_is_refused(field: str) -> None:
    text = "".join(
        line for line in render_stanza(entry()).splitlines(keepends=True) if not line.startswith(field)
    )
    with pytest.raises(KeyError):
        list(parse_packages(text))
