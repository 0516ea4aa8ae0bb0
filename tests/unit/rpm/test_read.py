"""Reading an .rpm."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.rpm.read import extract_fragment, read_header, read_module
from tests.support.modules import EPOCH
from tests.support.packages import write_pair

if TYPE_CHECKING:
    from pathlib import Path


def test_header_facts(tmp_path: Path) -> None:
    facts = read_header(write_pair(tmp_path).rpm)
    assert (facts.name, facts.epoch, facts.version, facts.release, facts.arch) == (
        "modpkg-module-slurm-bookworm",
        None,
        "23.11.4",
        "2",
        "x86_64",
    )
    assert (facts.summary, facts.license) == ("workload manager for clusters", "GPL-3.0-or-later")
    assert (facts.build_time, facts.payload_compressor) == (EPOCH, "gzip")
    assert facts.requires[:2] == (
        "modpkg-module-core-bookworm = 12.0.3-41",
        "rpmlib(CompressedFileNames) <= 3.0.4-1",
    )
    assert facts.conflicts == ("modpkg-module-slurm-22-bookworm",)
    assert "modpkg-module-workload-manager = 23.11.4-2" in facts.provides
    assert facts.changelog[1].text.startswith("- Release 23.11.4-1.\n- Say a thing")


def test_lists_of_one_are_lists(tmp_path: Path) -> None:
    pair = write_pair(tmp_path, changelog=[{**ENTRY}], conflicts=[], depends=[])
    facts = read_header(pair.rpm)
    assert len(facts.changelog) == 1
    assert facts.conflicts == ()


ENTRY = {
    "version": "23.11.4-2",
    "date": "2025-10-09T08:53:20Z",
    "author": "Ada <a@b.example>",
    "urgency": "low",
    "changes": ["One."],
}


@pytest.mark.parametrize("kept", [0, 95, 96, 120, 4000, 7000, -1])
def test_a_package_that_is_cut_off_is_refused(kept: int, tmp_path: Path) -> None:
    pair = write_pair(tmp_path)
    pair.rpm.write_bytes(pair.rpm.read_bytes()[:kept])
    for read in (read_header, read_module, lambda path: extract_fragment(path, tmp_path / "out")):
        with pytest.raises(BadInputError) as caught:
            read(pair.rpm)
        assert caught.value.where == str(pair.rpm)


@pytest.mark.parametrize("place", [10, 300, 5000, 9000, 60000, -30])
def test_a_flipped_byte_never_gives_another_fragment(place: int, tmp_path: Path) -> None:
    pair = write_pair(tmp_path)
    content = bytearray(pair.rpm.read_bytes())
    content[place] ^= 0x10
    pair.rpm.write_bytes(content)
    receipt = None
    with suppress(BadInputError):
        receipt = extract_fragment(pair.rpm, tmp_path / "out")
    assert (tmp_path / "out").exists() == (receipt is not None)
    assert receipt is None or receipt.sha256 == pair.module.fragment.sha256


def test_a_missing_file_is_said_plainly(tmp_path: Path) -> None:
    for read in (read_header, read_module):
        with pytest.raises(BadInputError, match="no such file"):
            read(tmp_path / "absent.rpm")
