"""What the header of a module's .rpm says, read back by rpmfile."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rpmfile.headers import _readheader

from modpkg.errors import ModpkgError
from modpkg.formats.payload import BASE_DIRECTORIES, entries
from modpkg.rpm.control import architecture, header_values, provides
from modpkg.rpm.header import encode
from modpkg.rpm.tags import Tag
from tests.support.modules import EPOCH, module
from tests.support.packages import without_module_json

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parents[2] / "golden" / "packages"


def header(**changes: object) -> dict[str, Any]:
    made = module(**changes)  # type: ignore[arg-type]
    content = without_module_json(entries(made, {}, changelog="changelog.gz"))
    packed = [entry for entry in content if entry.path not in BASE_DIRECTORIES]
    raw = encode(header_values(made, packed, "5" * 64), region=Tag.REGION)
    _, found = _readheader(io.BytesIO(raw), False)  # noqa: FBT003 - its API
    return {str(key): value for key, value in found.items()}


def test_header_is_the_golden_one(golden: Callable[[Path, str], None]) -> None:
    listing = "".join(f"{key}: {value!r}\n" for key, value in sorted(header(marks=("fast",)).items()))
    golden(GOLDEN / "header", listing)


def test_no_scriptlet_ever() -> None:
    assert not {"prein", "postin", "preun", "postun", "pretrans", "posttrans", "triggername"} & set(header())


def test_conflicts_only_where_there_are_some() -> None:
    assert header()["conflictname"] == [b"modpkg-module-slurm-22-bookworm"]
    assert "conflictname" not in header(conflicts=[])


def test_files_are_sorted_and_belong_to_root() -> None:
    found = header()
    paths = [
        found["dirnames"][index] + name
        for index, name in zip(found["dirindexes"], found["basenames"], strict=True)
    ]
    assert paths == sorted(paths)
    assert b"/usr/share/modpkg/modules/bookworm/slurm/fragment.squashfs" in paths
    assert set(found["fileusername"]) == set(found["filegroupname"]) == {b"root"}
    assert set(found["filemtimes"]) == {EPOCH}


def test_base_directories_belong_to_the_distribution() -> None:
    found = header()
    assert b"/usr/" not in found["dirnames"]
    assert b"doc" not in found["basenames"]


def test_provides_tell_fragment_marks_and_what_is_bundled() -> None:
    found = {relation.name: relation.version for relation in provides(module(marks=("fast",)))}
    assert found["modpkg-fragment(sha256)"] == module().fragment.sha256
    assert found["modpkg-mark(fast)"] == ""
    assert found["bundled(munge)"] == "1:22.05.8-4+deb12u2"
    assert found["modpkg-module-slurm-bookworm"] == "23.11.4-2"
    assert not any("mark" in relation.name for relation in provides(module()))


def test_changelog_entries_name_the_whole_version() -> None:
    assert header()["authors"][0] == b"Ada Packager <ada@cluster.example> - 23.11.4-2"
    assert header()["changelogtime"][0] == EPOCH


def test_architectures_have_rpms_names() -> None:
    assert architecture(module(architecture="arm64")) == "aarch64"
    with pytest.raises(ModpkgError, match=r"cannot write an \.rpm for 'vax'"):
        architecture(module(architecture="vax"))
