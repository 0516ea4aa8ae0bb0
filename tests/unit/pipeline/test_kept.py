import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modpkg.model.module import Module
from modpkg.pipeline.kept import RECORDED, find_kept
from modpkg.store.store import Store
from tests.support.modules import DEFAULT_FRAGMENT, module

KEY = "ab" * 32


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def put(store: Store, text: str | bytes) -> str:
    with store.scratch() as scratch:
        (scratch / "blob").write_bytes(text if isinstance(text, bytes) else text.encode())
        return store.add(scratch / "blob").sha256


def keep(store: Store, fields: dict[str, Any] | None = None, **record: Any) -> Module:
    made = module()
    known = {
        "module": put(store, json.dumps(made.model_dump(mode="json") | (fields or {}))),
        "fragment": put(store, DEFAULT_FRAGMENT),
        "changes": put(store, "changes"),
    }
    store.record(KEY, {**known, **record})
    return made


def spoil(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.chmod(0o644)
    path.write_bytes(change(path.read_bytes()))


def test_a_build_is_found_whole(store: Store) -> None:
    made = keep(store)
    kept = find_kept(store, KEY)
    assert kept is not None
    assert kept.module == made
    assert kept.fragment == store.path(made.fragment.sha256)
    assert Module.model_validate_json(kept.module_path.read_bytes()) == made


def test_what_was_never_built_is_not_there(store: Store) -> None:
    assert find_kept(store, KEY) is None


@pytest.mark.parametrize(
    "fields", [{"schema_version": 0}, {"schema_version": 99}, {"colour": "blue"}, {"paths": 7}]
)
def test_what_another_modpkg_wrote_counts_as_not_built(store: Store, fields: dict[str, Any]) -> None:
    keep(store, fields)
    assert find_kept(store, KEY) is None


@pytest.mark.parametrize("name", ["version", "fragment", "summary", "changelog"])
def test_a_record_that_lacks_a_field_counts_as_not_built(store: Store, name: str) -> None:
    fields = module().model_dump(mode="json")
    del fields[name]
    keep(store, module=put(store, json.dumps(fields)))
    assert find_kept(store, KEY) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\xff"])
def test_a_broken_record_counts_as_not_built(store: Store, text: str) -> None:
    keep(store, module=put(store, text))
    assert find_kept(store, KEY) is None


@pytest.mark.parametrize("part", RECORDED)
def test_what_is_lost_in_part_counts_as_not_built(store: Store, part: str) -> None:
    keep(store)
    record = store.lookup(KEY)
    assert record is not None
    store.path(record[part]).unlink()
    assert find_kept(store, KEY) is None


@pytest.mark.parametrize("part", RECORDED)
def test_what_was_cut_counts_as_not_built(store: Store, part: str) -> None:
    keep(store)
    record = store.lookup(KEY)
    assert record is not None
    spoil(store.path(record[part]), lambda content: content[:-1])
    assert find_kept(store, KEY) is None


def test_small_blobs_of_another_content_count_as_not_built(store: Store) -> None:
    made = keep(store)
    record = store.lookup(KEY)
    assert record is not None
    spoil(store.path(record["module"]), lambda content: content.replace(made.summary.encode(), b"x"))
    assert find_kept(store, KEY) is None


@pytest.mark.parametrize("part", RECORDED)
@pytest.mark.parametrize("value", ["", "../../etc/passwd", None, 7, ["x"]])
def test_digests_that_are_none_count_as_not_built(store: Store, part: str, value: Any) -> None:
    keep(store, **{part: value})
    assert find_kept(store, KEY) is None


def test_a_record_without_digests_counts_as_not_built(store: Store) -> None:
    store.record(KEY, {"blobs": []})
    assert find_kept(store, KEY) is None


def test_the_fragment_of_another_module_counts_as_not_built(store: Store) -> None:
    keep(store, fragment=put(store, b"another"))
    assert find_kept(store, KEY) is None
