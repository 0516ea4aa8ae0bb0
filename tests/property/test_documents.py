"""Whatever a file holds, a loader gives a document or its faults; whatever a document says comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modpkg.errors import BadInputError, DocumentError
from modpkg.formats import yaml
from modpkg.formats.canonical import canonical_json, digest_of, read_record
from modpkg.formats.documents import (
    examine,
    load_changelog,
    load_manifest,
    load_platform,
    load_recipe,
    load_repository,
    load_site,
    validate,
)
from modpkg.formats.edit import add_entry, quoted
from modpkg.formats.schema import KINDS
from modpkg.model.changelog import Changelog, Entry
from modpkg.model.cluster import Cluster
from modpkg.model.disks import Disks
from modpkg.model.files import FilesDocument
from modpkg.model.inventory import Inventory
from modpkg.model.lock import PlatformLock
from modpkg.model.module import Module

if TYPE_CHECKING:
    from collections.abc import Callable

    from modpkg.model.document import Document

BASE = Path(__file__).parents[1] / "golden/documents/base"
EXAMPLES = {
    "recipe": BASE / "recipes/modules/slurm/recipe.yaml",
    "changelog": BASE / "recipes/modules/slurm/changelog.yaml",
    "manifest": BASE / "recipes/images/compute.yaml",
    "platform": BASE / "recipes/platforms/bookworm.yaml",
    "repository": BASE / "repo/repository.yaml",
    "site": BASE.parents[1] / "site.yaml",
    "cluster": BASE.parents[1] / "nodes/base/recipes/cluster.yaml",
    "inventory": BASE.parents[1] / "nodes/base/recipes/nodes/compute.yaml",
    "disks": BASE.parents[1] / "nodes/base/recipes/disks/scratch.yaml",
    "files": BASE.parents[1] / "shares/base/files.yaml",
}


def loader_of(model: type[Document]) -> Callable[[Path], Document]:
    """Give what reads one document that is loaded only together with others."""

    def load_one(path: Path) -> Document:
        loaded = examine(path, model)
        if loaded.document is None:
            raise DocumentError(list(loaded.problems))
        return loaded.document

    return load_one


LOADERS_OF = {
    "recipe": load_recipe,
    "changelog": load_changelog,
    "manifest": load_manifest,
    "platform": load_platform,
    "repository": load_repository,
    "site": load_site,
    "cluster": loader_of(Cluster),
    "inventory": loader_of(Inventory),
    "disks": loader_of(Disks),
    "files": loader_of(FilesDocument),
}
LOADERS = list(LOADERS_OF.values())
PYDANTIC_WORDS = (
    "Input should",
    "input should",
    "Value error",
    "valid dictionary",
    "constrained",
    "pydantic",
)
in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

YAML_ALPHABET = st.sampled_from(
    [*"ab1 \n\t:-[]{},#&*!|>'\"%@`?<=~.0\\", "- ", ": ", "\n  ", "---\n", "\u2028"]
)
YAML_TEXT = st.lists(YAML_ALPHABET, max_size=60).map("".join)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below, max_size=4),
    max_leaves=12,
)
LINES = st.from_regex(
    r"[^\x00-\x20\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]{0,60}[^\x00-\x20\x7f-\x9f])?", fullmatch=True
).filter(lambda text: text.isprintable())


def load(loader: Callable[[Path], Document], path: Path, content: bytes) -> Document | DocumentError:
    path.write_bytes(content)
    try:
        return loader(path)
    except DocumentError as error:
        faults = error
    assert faults.problems
    assert not any(word in str(faults) for word in PYDANTIC_WORDS), str(faults)
    str(faults).encode()  # can be written to a terminal
    return faults


@pytest.mark.parametrize("loader", LOADERS)
@given(
    content=st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode(errors="surrogatepass"))
)
@in_one_folder
def test_any_bytes_give_a_document_or_its_faults(
    tmp_path: Path, loader: Callable[[Path], Document], content: bytes
) -> None:
    assert isinstance(load(loader, tmp_path / "f.yaml", content), DocumentError)


@given(text=YAML_TEXT)
@in_one_folder
def test_text_that_looks_like_yaml_gives_a_document_or_its_faults(tmp_path: Path, text: str) -> None:
    assert isinstance(load(load_recipe, tmp_path / "f.yaml", text.encode()), DocumentError)


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(data=st.data())
@in_one_folder
def test_a_document_with_any_value_put_in_gives_a_document_or_its_faults(
    tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    content = yaml.read(EXAMPLES[kind])
    way = data.draw(st.sampled_from(sorted(content.values, key=str)))
    changed = replaced(content.value, way, data.draw(JSON))
    load(LOADERS_OF[kind], tmp_path / "f.yaml", json.dumps(changed).encode())


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(data=st.data())
@in_one_folder
def test_a_document_with_any_part_cut_out_gives_a_document_or_its_faults(
    tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    content = EXAMPLES[kind].read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    load(
        LOADERS_OF[kind], tmp_path / "f.yaml", content[:start] + data.draw(YAML_TEXT).encode() + content[end:]
    )


def replaced(value: Any, way: yaml.Keys, new: object) -> Any:
    if not way:
        return new
    if isinstance(value, dict):
        return {key: replaced(old, way[1:], new) if key == way[0] else old for key, old in value.items()}
    return [replaced(old, way[1:], new) if index == way[0] else old for index, old in enumerate(value)]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_document_comes_back_from_its_canonical_form(kind: str) -> None:
    # JSON is YAML: what a document says is all in its canonical form.
    document = validate(EXAMPLES[kind], yaml.read(EXAMPLES[kind]), KINDS[kind]).document
    assert document is not None
    again = validate(Path("f"), yaml.parse(canonical_json(document), file="f"), KINDS[kind])
    assert again.document == document


@given(JSON)
def test_json_comes_back_from_its_canonical_form(value: Any) -> None:
    try:
        text = canonical_json(value)
    except ValueError:  # NaN and infinities, which test_canonical.py looks at
        return
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text
    assert digest_of(json.loads(text)) == digest_of(value)


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_quoted_text_comes_back(text: str) -> None:
    try:
        parsed = yaml.parse(f"[{quoted(text)}]\n", file="f")
    except DocumentError as error:
        raise AssertionError(quoted(text)) from error
    assert parsed.value == (text,)
    assert parsed.problems == ()


@given(changes=st.lists(LINES, min_size=1, max_size=3))
@in_one_folder
def test_an_entry_added_to_a_changelog_comes_back(tmp_path: Path, changes: list[str]) -> None:
    path = tmp_path / "changelog.yaml"
    path.write_bytes(EXAMPLES["changelog"].read_bytes())
    old = load_changelog(path)
    entry = Entry(
        version="22.5.8-3", date="2024-07-01T12:00:00Z", author="A <a@example.org>", changes=tuple(changes)
    )
    add_entry(path, entry)
    assert load_changelog(path) == Changelog(entries=(entry, *old.entries))


@pytest.mark.parametrize("model", [PlatformLock, Module])
@given(content=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@in_one_folder
def test_any_bytes_are_a_record_or_bad_input(
    tmp_path: Path, model: type[PlatformLock | Module], content: bytes
) -> None:
    path = tmp_path / "record"
    path.write_bytes(content)
    with pytest.raises(BadInputError):
        read_record(path, model)
