"""A module and its fragment out of an archive, whatever its format."""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING

import pytest

from modpkg.formats.canonical import canonical_json
from modpkg.formats.reading import (
    LARGEST_MODULE_JSON,
    Section,
    extract_fragment,
    find_document,
    find_module,
    sound_name,
)
from tests.support.modules import DEFAULT_FRAGMENT, module

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLACE = "usr/share/modpkg/modules/bookworm/slurm"
JSON = canonical_json(module()).encode()


def files(*pairs: tuple[str, bytes]) -> Iterator[tuple[str, Section]]:
    for name, data in pairs:
        yield name, Section(io.BytesIO(data), len(data))


def test_a_section_ends_where_it_should() -> None:
    stream = io.BytesIO(b"abcdef")
    section = Section(stream, 4)
    assert section.read(3) + section.read(3) + section.read(3) == b"abcd"
    Section(stream, 1).skip()
    assert stream.read() == b"f"


@pytest.mark.parametrize(
    "name", ["", "/", "./", "usr", "./usr/", "usr/..a/.b/c..", "a.b/...", "usr/lib.so.1"]
)
def test_a_name_inside_the_package_is_sound(name: str) -> None:
    assert sound_name(name) == name.removeprefix("./").removesuffix("/")


@pytest.mark.parametrize(
    "name",
    [".", "..", "//", "/usr", "../usr", "usr/..", "usr/../x", "usr//x", "usr//", "usr/./x", "./.", "././x"],
)
def test_a_name_that_climbs_or_is_of_another_root_is_not(name: str) -> None:
    with pytest.raises(ValueError, match="leads out of the package"):
        sound_name(name)


@pytest.mark.parametrize(("size", "fault"), [(7, EOFError), (-1, ValueError)])
def test_a_section_that_lies_about_its_size(size: int, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        Section(io.BytesIO(b"abcdef"), size).skip()


def test_finds_the_module() -> None:
    assert find_module(files(("usr/bin/x", b""), (f"{PLACE}/module.json", JSON))) == module()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("usr/bin/x", b"", "holds no module.json"),
        (f"{PLACE}/module.json", b"{", "its module.json is wrong: "),
        (f"{PLACE}/module.json", JSON.replace(b'"name": "slurm"', b'"name": "sl/urm"'), "wrong: name: "),
        ("usr/share/modpkg/modules/x/y/module.json", JSON, "lies in another place"),
    ],
)
def test_refuses_another_module_json(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        find_module(files((name, data)))


def test_refuses_a_module_json_without_reading_it_when_it_is_huge() -> None:
    with pytest.raises(ValueError, match="larger than"):
        find_module(iter([(f"{PLACE}/module.json", Section(io.BytesIO(), LARGEST_MODULE_JSON + 1))]))


def test_extracts_the_fragment(tmp_path: Path) -> None:
    both = files((f"{PLACE}/module.json", JSON), (f"{PLACE}/fragment.squashfs", DEFAULT_FRAGMENT))
    receipt = extract_fragment(both, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == DEFAULT_FRAGMENT
    assert (receipt.path, receipt.size, receipt.sha256) == (
        tmp_path / "f",
        len(DEFAULT_FRAGMENT),
        module().fragment.sha256,
    )


@pytest.mark.parametrize("content", [b"", DEFAULT_FRAGMENT[:-1], DEFAULT_FRAGMENT[:-1] + b"?"])
def test_leaves_nothing_of_a_fragment_that_is_another(content: bytes, tmp_path: Path) -> None:
    both = files((f"{PLACE}/module.json", JSON), (f"{PLACE}/fragment.squashfs", content))
    with pytest.raises(ValueError, match="is not the one"):
        extract_fragment(both, tmp_path / "f")
    assert not list(tmp_path.iterdir())


def test_refuses_an_archive_without_fragment(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no fragment"):
        extract_fragment(files((f"{PLACE}/module.json", JSON)), tmp_path / "f")


DOCUMENT = "usr/share/doc/modpkg-module-slurm-bookworm/packages.changelog.gz"
MODULE_JSON = "usr/share/modpkg/modules/bookworm/slurm/module.json"


def test_a_document_is_found_and_unpacked() -> None:
    found = find_document(
        files(("usr/bin/x", b""), (DOCUMENT, gzip.compress(b"text"))), "packages.changelog.gz"
    )
    assert found == b"text"


def test_documents_stand_before_the_module() -> None:
    pairs = ((MODULE_JSON, b"{}"), (DOCUMENT, gzip.compress(b"text")))
    assert find_document(files(*pairs), "packages.changelog.gz") == b""
    assert find_document(files(), "packages.changelog.gz") == b""


def test_a_document_that_unpacks_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modpkg.formats.reading.LARGEST_DOCUMENT", 100)
    with pytest.raises(ValueError, match="unpacks to more than 100 bytes"):
        find_document(files((DOCUMENT, gzip.compress(bytes(1000)))), "packages.changelog.gz")
    with pytest.raises(ValueError, match="larger than 100 bytes"):
        find_document(files((DOCUMENT, bytes(1000))), "packages.changelog.gz")
