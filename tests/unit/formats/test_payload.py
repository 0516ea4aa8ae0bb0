"""What both packages hold."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.formats.payload import check_fragment, entries
from modpkg.model.module import Module
from tests.support.modules import module

DOC = "usr/share/doc/modpkg-module-slurm-bookworm"
PLACE = "usr/share/modpkg/modules/bookworm/slurm"


def test_holds_module_fragment_and_documents() -> None:
    found = entries(module(), {"contents.changelog.gz": b"text"}, changelog="changelog.gz")
    assert [entry.path for entry in found if entry.kind != "directory"] == [
        f"{DOC}/changelog.gz",
        f"{DOC}/contents.changelog.gz",
        f"{DOC}/copyright",
        f"{DOC}/packages.gz",
        f"{PLACE}/module.json",
        f"{PLACE}/fragment.squashfs",
    ]


def test_a_directory_precedes_what_lies_in_it() -> None:
    seen = {""}
    for entry in entries(module(), {}, changelog="changelog.gz"):
        assert entry.path.rpartition("/")[0] in seen
        seen.add(entry.path)


def test_sizes_and_modes() -> None:
    found = {entry.path: entry for entry in entries(module(), {}, changelog="changelog.gz")}
    assert found[f"{PLACE}/fragment.squashfs"].size == module().fragment.size
    assert found[f"{PLACE}/module.json"].size == len(found[f"{PLACE}/module.json"].content)
    assert found[PLACE].mode == 0o40755
    assert found[f"{DOC}/copyright"].mode == 0o100644


def test_module_json_is_canonical_and_whole() -> None:
    found = {entry.path: entry for entry in entries(module(), {}, changelog="changelog.gz")}
    text = found[f"{PLACE}/module.json"].content
    assert Module.model_validate_json(text) == module()
    assert text.startswith(b'{\n  "architecture": "amd64",\n')
    assert text.endswith(b"}\n")


def test_documents_that_end_in_gz_are_framed_and_others_left() -> None:
    found = entries(module(), {"a.gz": b"text", "readme": b"plain"}, changelog="changelog.gz")
    contents = {entry.path: entry.content for entry in found}
    assert gzip.decompress(contents[f"{DOC}/a.gz"]) == b"text"
    assert contents[f"{DOC}/readme"] == b"plain"


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden", "a\nb", "copyright", "changelog.gz"])
def test_refuses_a_document_with_a_bad_or_taken_name(name: str) -> None:
    with pytest.raises(ModpkgError, match="cannot put"):
        entries(module(), {name: b""}, changelog="changelog.gz")


def test_a_fragment_that_is_another_is_refused() -> None:
    made = module()
    check_fragment(made, Path("f"), size=made.fragment.size, sha256=made.fragment.sha256)
    for wrong in ({"size": 1}, {"sha256": "0" * 64}):
        with pytest.raises(BadInputError, match="is not the fragment"):
            check_fragment(made, Path("f"), **wrong)  # type: ignore[arg-type]
