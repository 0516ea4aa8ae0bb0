import hashlib
import threading
from pathlib import Path

import pytest

from modpkg.events import Event, Warned, ignore
from modpkg.store.failures import Download
from modpkg.store.partial import StoppedError, held_part
from modpkg.store.store import Store

CONTENT = b"a package"
DOWNLOAD = Download(urls=(), sha256=hashlib.sha256(CONTENT).hexdigest(), size=9, name="debian:/a.deb")
GO_ON = threading.Event()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def partial(store: Store) -> Path:
    return store.root / "partial" / DOWNLOAD.sha256


def test_a_download_begins_with_an_empty_file(store: Store) -> None:
    with held_part(store, DOWNLOAD, stop=GO_ON, sink=ignore) as part:
        assert part is not None
        assert part.path == partial(store)
        assert part.path.read_bytes() == b""
        part.stream.write(b"a pa")
    assert partial(store).read_bytes() == b"a pa"


def test_the_next_one_goes_on_where_it_was(store: Store) -> None:
    for block in (b"a pa", b"ckage"):
        with held_part(store, DOWNLOAD, stop=GO_ON, sink=ignore) as part:
            assert part is not None
            part.stream.seek(0, 2)
            part.stream.write(block)
    assert partial(store).read_bytes() == CONTENT


def test_one_that_stayed_empty_is_removed(store: Store) -> None:
    with held_part(store, DOWNLOAD, stop=GO_ON, sink=ignore):
        pass
    assert not partial(store).exists()


def test_what_is_in_the_store_needs_no_part(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(CONTENT)
    store.add(tmp_path / "a")
    with held_part(store, DOWNLOAD, stop=GO_ON, sink=ignore) as part:
        assert part is None
    assert not partial(store).exists()


def test_a_part_that_became_a_blob_is_left_alone(store: Store) -> None:
    with held_part(store, DOWNLOAD, stop=GO_ON, sink=ignore) as part:
        assert part is not None
        part.stream.write(CONTENT)
        store.add(part.path, sha256=DOWNLOAD.sha256)
    assert store.path(DOWNLOAD.sha256).read_bytes() == CONTENT
    assert not partial(store).exists()


def test_the_second_waits_says_so_and_finds_the_work_done(store: Store) -> None:
    events: list[Event] = []
    found: list[object] = []
    waiting = threading.Event()

    def sink(event: Event) -> None:
        events.append(event)
        waiting.set()

    def second() -> None:
        with held_part(store, DOWNLOAD, stop=threading.Event(), sink=sink) as part:
            found.append(part)

    thread = threading.Thread(target=second)
    with held_part(store, DOWNLOAD, stop=GO_ON, sink=ignore) as part:
        assert part is not None
        thread.start()
        assert waiting.wait(10)
        part.stream.write(CONTENT)
        store.add(part.path, sha256=DOWNLOAD.sha256)
    thread.join(10)
    assert found == [None]
    assert events == [Warned("waiting for another modpkg that fetches debian:/a.deb")]


def test_one_that_waits_can_be_stopped(store: Store) -> None:
    stop = threading.Event()
    stop.set()
    with (
        held_part(store, DOWNLOAD, stop=GO_ON, sink=ignore),
        pytest.raises(StoppedError),
        held_part(store, DOWNLOAD, stop=stop, sink=ignore),
    ):
        pytest.fail("two held it at once")


def give_up(store: Store) -> None:
    with held_part(store, DOWNLOAD, stop=GO_ON, sink=ignore) as part:
        assert part is not None
        part.stream.write(b"a pa")
        raise KeyError


def test_an_error_keeps_what_came_so_far(store: Store) -> None:
    with pytest.raises(KeyError):
        give_up(store)
    assert partial(store).read_bytes() == b"a pa"
