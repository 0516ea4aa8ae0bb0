"""The store keeps what it is given, whole, and nothing else."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import Event, Warned
from modpkg.store.store import DigestError, Store

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

CONTENT = b"a package\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def written(path: Path, content: bytes = CONTENT) -> Path:
    path.write_bytes(content)
    return path


def everything_below(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_an_added_file_is_found_by_its_digest(store: Store, tmp_path: Path) -> None:
    source = written(tmp_path / "p.deb")
    assert not store.has(DIGEST)
    receipt = store.add(source, sha256=DIGEST)
    assert store.has(DIGEST)
    assert receipt.path == store.path(DIGEST) == store.root / "blobs" / "sha256" / DIGEST[:2] / DIGEST
    assert (receipt.size, receipt.sha256) == (len(CONTENT), DIGEST)
    assert receipt.path.read_bytes() == CONTENT
    assert source.exists(), "a file from outside is copied"


def test_a_blob_is_read_only(store: Store, tmp_path: Path) -> None:
    receipt = store.add(written(tmp_path / "p.deb"))
    assert stat.S_IMODE(receipt.path.stat().st_mode) == 0o444


def test_a_file_of_the_store_itself_is_moved(store: Store) -> None:
    with store.scratch() as scratch:
        source = written(scratch / "fragment")
        inode = source.stat().st_ino
        receipt = store.add(source)
        assert not source.exists()
    assert receipt.path.stat().st_ino == inode


def test_adding_twice_keeps_the_first(store: Store, tmp_path: Path) -> None:
    first = store.add(written(tmp_path / "a"))
    inode = first.path.stat().st_ino
    second = store.add(written(tmp_path / "b"))
    assert second == first
    assert second.path.stat().st_ino == inode


@pytest.mark.parametrize("damage", [b"", CONTENT[:-1], CONTENT + b"x", CONTENT[:-1] + b"?"])
def test_a_blob_that_is_damaged_is_replaced_by_its_content(
    store: Store, tmp_path: Path, damage: bytes
) -> None:
    blob = store.add(written(tmp_path / "a")).path
    blob.chmod(0o644)
    blob.write_bytes(damage)
    assert store.add(written(tmp_path / "b")).path == blob
    assert blob.read_bytes() == CONTENT
    assert blob.stat().st_mode & 0o777 == 0o444


def test_a_wrong_digest_is_refused_and_nothing_is_kept(store: Store, tmp_path: Path) -> None:
    source = written(tmp_path / "p.deb")
    with pytest.raises(DigestError) as caught:
        store.add(source, sha256="0" * 64, name="p_1_amd64.deb")
    assert str(caught.value) == f"cannot use p_1_amd64.deb: its sha256 is {DIGEST}, not {'0' * 64}"
    assert everything_below(store.root) == ["locks/.scratch"]
    assert source.exists()


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "a\n"])
def test_a_name_that_leaves_the_store_is_refused(store: Store, name: str) -> None:
    with pytest.raises(ModpkgError, match="internal error"):
        store.lookup(name)
    with pytest.raises(ModpkgError, match="internal error"), store.lock(name):
        pass
    with pytest.raises(ModpkgError, match="internal error"):
        store.path(name)


def test_a_build_record_is_read_back(store: Store) -> None:
    assert store.lookup("k1") is None
    store.record("k1", {"b": [1, "ö"], "a": None})
    assert store.lookup("k1") == {"a": None, "b": [1, "ö"]}
    store.record("k1", {"b": 2})
    assert store.lookup("k1") == {"b": 2}


@pytest.mark.parametrize("text", ["", "{", "[]", "\xff"])
def test_a_broken_build_record_is_none(store: Store, text: str) -> None:
    written(store.record("k", {}).path, text.encode("latin-1"))
    assert store.lookup("k") is None


def test_trees_of_the_modes_are_apart(store: Store) -> None:
    assert store.tree("root", DIGEST) == store.root / "trees" / "root" / DIGEST
    assert store.tree("user", DIGEST) != store.tree("root", DIGEST)
    assert not store.tree("root", DIGEST).exists()


def test_scratch_is_gone_after_an_error(store: Store) -> None:
    def fail_half_way() -> None:
        with store.scratch() as scratch:
            written(scratch / "x")
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    assert everything_below(store.root / "scratch") == []


def _die_in_scratch(root: Path, pipe: Connection) -> None:
    with Store(root).scratch() as scratch:
        (scratch / "half").write_text("made")
        pipe.send(str(scratch))
        time.sleep(60)


def _start(target: object, root: Path) -> tuple[multiprocessing.Process, Connection]:
    here, there = multiprocessing.get_context("fork").Pipe()
    process = multiprocessing.get_context("fork").Process(target=target, args=(root, there))  # type: ignore[arg-type]
    process.start()
    return process, here  # type: ignore[return-value]


def test_scratch_of_the_living_stays_and_of_the_dead_goes(store: Store) -> None:
    process, pipe = _start(_die_in_scratch, store.root)
    other = Path(pipe.recv())
    with store.scratch() as mine:
        assert (other / "half").exists()
        assert mine != other
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    assert other.exists()
    with store.scratch() as mine:
        assert not other.exists()
        assert mine.exists()


def _hold(root: Path, pipe: Connection) -> None:
    with Store(root).lock("core"):
        pipe.send("held")
        pipe.recv()


def test_a_held_lock_is_waited_for_and_said(store: Store) -> None:
    process, pipe = _start(_hold, store.root)
    assert pipe.recv() == "held"
    events: list[Event] = []

    def sink(event: Event) -> None:
        events.append(event)
        pipe.send("let go")

    with store.lock("core", sink=sink):
        process.join(10)
        assert process.exitcode == 0
    assert [type(event) for event in events] == [Warned]
    with store.lock("kernel", sink=events.append):
        pass
    assert len(events) == 1


@pytest.mark.parametrize(
    ("environ", "root"),
    [
        ({"MODPKG_STORE": "/s", "HOME": "/h"}, "/s"),
        ({"HOME": "/h"}, "/h/.cache/modpkg"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/c", "MODPKG_STORE": ""}, "/c/modpkg"),
    ],
)
def test_where_the_users_store_is(environ: dict[str, str], root: str) -> None:
    assert Store.default(environ).root == Path(root)


def test_all_records_are_given_but_those_that_are_broken(store: Store) -> None:
    assert list(store.records()) == []
    store.record("b", {"number": 2})
    store.record("a", {"number": 1})
    (store.root / "builds/c.json").write_text("{")
    assert [one["number"] for one in store.records()] == [1, 2]
