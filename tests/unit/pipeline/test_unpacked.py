from pathlib import Path
from typing import Any

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import ignore
from modpkg.pipeline.unpacked import UnpackJob, unpacked_tree
from modpkg.store.store import Store
from tests.support.fake_worker import FakeWorker

DIGEST = "ab" * 32


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> FakeWorker:
    return FakeWorker.installed(monkeypatch)


def test_a_fragment_is_unpacked_into_its_place(store: Store, worker: FakeWorker) -> None:
    tree = unpacked_tree(store, DIGEST, mode="root", sink=ignore)
    assert tree == store.tree("root", DIGEST)
    assert tree.is_dir()
    (job,) = worker.unpacked
    assert (job.fragment, job.directory) == (store.path(DIGEST), tree)
    assert job.scratch.is_relative_to(store.root / "scratch")
    assert list((store.root / "scratch").iterdir()) == []


def test_it_is_unpacked_once(store: Store, worker: FakeWorker) -> None:
    trees = {unpacked_tree(store, DIGEST, mode="root", sink=ignore) for _ in range(3)}
    assert len(trees) == len(worker.unpacked) == 1


def test_owners_on_disk_differ_so_the_modes_are_kept_apart(store: Store, worker: FakeWorker) -> None:
    one = unpacked_tree(store, DIGEST, mode="root", sink=ignore)
    other = unpacked_tree(store, DIGEST, mode="user", sink=ignore)
    assert one != other
    assert worker.modes == ["root", "user"]


def test_a_tree_that_another_process_made_meanwhile_is_taken(
    store: Store, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = Store.lock

    def late(self: Store, name: str, **options: Any) -> Any:
        self.tree("root", DIGEST).mkdir(parents=True)
        return lock(self, name, **options)

    monkeypatch.setattr(Store, "lock", late)
    assert unpacked_tree(store, DIGEST, mode="root", sink=ignore).is_dir()
    assert worker.unpacked == []


def test_one_that_fails_leaves_nothing(store: Store, worker: FakeWorker) -> None:
    worker.error = ModpkgError("cannot unpack it")
    with pytest.raises(ModpkgError, match="cannot unpack it"):
        unpacked_tree(store, DIGEST, mode="root", sink=ignore)
    assert not store.tree("root", DIGEST).exists()
    worker.error = None
    assert unpacked_tree(store, DIGEST, mode="root", sink=ignore).is_dir()


def test_a_job_survives_its_way_into_the_namespaces(tmp_path: Path) -> None:
    job = UnpackJob(fragment=tmp_path / "f", scratch=tmp_path / "s", directory=tmp_path / "d")
    assert UnpackJob.model_validate_json(job.model_dump_json()) == job
