from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.pipeline.borrowed_store import borrowed_store
from modpkg.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def add(store: Store, tmp_path: Path, text: str) -> str:
    path = tmp_path / "file"
    path.write_text(text)
    return store.add(path).sha256


def test_it_has_the_blobs_that_it_is_given_and_no_records(store: Store, tmp_path: Path) -> None:
    one, other = add(store, tmp_path, "one"), add(store, tmp_path, "other")
    store.record("a-build", {"fragment": one})
    with borrowed_store(store, [one, one]) as lone:
        assert lone.path(one).read_text() == "one"
        assert not lone.has(other)
        assert lone.lookup("a-build") is None
        lone.record("another", {})
        place = lone.root
    assert not place.exists()
    assert store.lookup("another") is None
    assert store.path(one).read_text() == "one"


def test_a_damaged_blob_is_refused(store: Store, tmp_path: Path) -> None:
    digest = add(store, tmp_path, "one")
    store.path(digest).chmod(0o644)
    store.path(digest).write_text("two")
    with (
        pytest.raises(ModpkgError, match="a file in it is damaged") as caught,
        borrowed_store(store, [digest]),
    ):
        pass
    assert caught.value.where == str(store.path(digest))


def test_a_missing_blob_is_told(store: Store) -> None:
    with pytest.raises(ModpkgError, match="cannot find what is needed"), borrowed_store(store, ["0" * 64]):
        pass
