"""Fetching: each byte once, every failure told, nothing bad kept."""

from __future__ import annotations

import hashlib
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import Event, Progress, Warned
from modpkg.store.failures import Download, FetchError
from modpkg.store.fetch import fetch, missing
from modpkg.store.partial import held_part
from modpkg.store.store import Store
from modpkg.store.transfer import Kind, Patience
from tests.support.web import Fault, Web, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOON = Patience(attempts=2, delay_seconds=0.01, timeout_seconds=5)
BIG = b"".join(hashlib.sha256(n.to_bytes(2)).digest() for n in range(9375))  # 300,000 bytes


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    root = tmp_path / "www"
    root.mkdir()
    with serving(root) as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def offered(web: Web, name: str, content: bytes, *more_urls: str) -> Download:
    (web.root / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Download(
        urls=(f"{web.url}/{name}", *more_urls), sha256=digest, size=len(content), name=f"debian: {name}"
    )


def parts(store: Store) -> list[Path]:
    directory = store.root / "partial"
    return sorted(directory.iterdir()) if directory.exists() else []


def failure(downloads: list[Download], store: Store) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetch(downloads, store, patience=SOON)
    return caught.value


def test_files_come_once_and_are_verified(web: Web, store: Store) -> None:
    downloads = [offered(web, f"p{number}.deb", bytes([number]) * 1000) for number in range(20)]
    receipts = fetch([*downloads, downloads[0]], store)
    assert {receipt.sha256 for receipt in receipts} == {one.sha256 for one in downloads}
    assert all(store.path(one.sha256).read_bytes()[0] == number for number, one in enumerate(downloads))
    assert len(web.requests) == 20
    assert fetch(downloads, store) == ()
    assert len(web.requests) == 20
    assert missing(downloads, store) == parts(store) == []


def test_an_empty_file_and_a_file_address(web: Web, store: Store, tmp_path: Path) -> None:
    local = tmp_path / "local.deb"
    local.write_bytes(b"local")
    digest = hashlib.sha256(b"local").hexdigest()
    fetch([offered(web, "empty", b"")], store)
    fetch([Download(urls=(local.as_uri(),), sha256=digest, size=5, name="local")], store)
    assert store.path(digest).read_bytes() == b"local"


def test_a_cut_connection_is_resumed_where_it_was(web: Web, store: Store) -> None:
    download = offered(web, "big", BIG)
    web.faults["big"] = [Fault(cut_after=100_000), Fault(cut_after=50_000)]
    fetch([download], store, patience=SOON)
    assert web.starts("big") == [None, 100_000, 150_000]
    assert store.has(download.sha256)


def test_a_next_run_goes_on_with_the_partial_file(web: Web, store: Store) -> None:
    download = offered(web, "big", BIG)
    web.faults["big"] = [Fault(cut_after=100_000), Fault(status=503), Fault(status=503)]
    error = failure([download], store)
    assert error.failures[0].kind is Kind.CUT
    assert [part.stat().st_size for part in parts(store)] == [100_000]
    fetch([download], store, patience=SOON)
    assert web.starts("big")[-1] == 100_000
    assert parts(store) == []


@pytest.mark.parametrize("fault", [Fault(without_range=True), Fault(wrong_range=True), Fault(status=416)])
def test_a_mirror_that_cannot_resume_is_asked_for_all(web: Web, store: Store, fault: Fault) -> None:
    download = offered(web, "big", BIG)
    web.faults["big"] = [Fault(cut_after=100_000), fault]
    fetch([download], store, patience=SOON)
    assert store.path(download.sha256).read_bytes() == BIG


def test_a_bad_beginning_is_thrown_away_before_the_mirror_is_blamed(web: Web, store: Store) -> None:
    download = offered(web, "big", BIG)
    part = store.root / "partial" / download.sha256
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1000)
    fetch([download], store, patience=SOON)
    assert web.starts("big") == [1000, None]
    assert store.path(download.sha256).read_bytes() == BIG


def test_a_partial_file_that_is_too_long_is_thrown_away(web: Web, store: Store) -> None:
    download = offered(web, "big", BIG)
    part = store.root / "partial" / download.sha256
    part.parent.mkdir(parents=True)
    part.write_bytes(BIG + b"x")
    fetch([download], store, patience=SOON)
    assert store.has(download.sha256)


def test_other_bytes_are_refused_named_and_removed(web: Web, store: Store) -> None:
    download = offered(web, "p.deb", b"good")
    (web.root / "p.deb").write_bytes(b"evil")
    error = failure([download], store)
    evil = hashlib.sha256(b"evil").hexdigest()
    assert f"debian: p.deb: not the locked file: its sha256 is {evil}, not {download.sha256}" in str(error)
    assert not store.has(download.sha256)
    assert not store.has(evil)
    assert parts(store) == []


@pytest.mark.parametrize("content", [b"too long", b"a"])
def test_another_size_is_refused_at_once(web: Web, store: Store, content: bytes) -> None:
    download = offered(web, "p.deb", b"good")
    (web.root / "p.deb").write_bytes(content)
    error = failure([download], store)
    assert error.failures[0].detail == f"its size is {len(content)} bytes, not 4"
    assert len(web.requests) == 1
    assert parts(store) == []


def test_what_is_gone_is_told_at_once_and_the_rest_comes(web: Web, store: Store) -> None:
    downloads = [offered(web, name, name.encode()) for name in ("a", "b", "c")]
    for name in ("a", "c"):
        (web.root / name).unlink()
    error = failure(downloads, store)
    assert [one.name for one in error.gone] == ["debian: a", "debian: c"]
    assert store.has(downloads[1].sha256)
    assert web.url.removeprefix("http://") not in str(error)


def test_what_is_gone_comes_from_the_next_address(web: Web, store: Store) -> None:
    download = offered(web, "old/p.deb".replace("/", "-"), b"old", f"{web.url}/snap")
    (web.root / "old-p.deb").rename(web.root / "snap")
    fetch([download], store, patience=SOON)
    assert store.has(download.sha256)


def test_gone_from_both_is_gone(web: Web, store: Store) -> None:
    download = offered(web, "p.deb", b"p", f"{web.url}/snap")
    (web.root / "p.deb").unlink()
    error = failure([download], store)
    assert error.gone == (download,)
    assert error.failures[0].detail == "404 Not Found; elsewhere: 404 Not Found"


def test_a_missing_file_of_a_file_mirror_is_gone(store: Store, tmp_path: Path) -> None:
    download = Download(urls=((tmp_path / "none").as_uri(),), sha256="0" * 64, size=1, name="x")
    assert failure([download], store).gone == (download,)


def test_a_refusal_is_not_tried_again(web: Web, store: Store) -> None:
    download = offered(web, "p.deb", b"p")
    web.faults["p.deb"] = [Fault(status=403)]
    assert failure([download], store).failures[0].kind is Kind.REFUSED
    assert len(web.requests) == 1


def test_a_passing_error_is_tried_again(web: Web, store: Store) -> None:
    download = offered(web, "p.deb", b"p")
    web.faults["p.deb"] = [Fault(status=503)]
    fetch([download], store, patience=SOON)
    assert len(web.requests) == 2


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_without_network_it_says_so_once(store: Store) -> None:
    port = _closed_port()
    downloads = [
        Download(urls=(f"http://127.0.0.1:{port}/{n}",), sha256=f"{n:064}", size=1, name=f"debian: p{n:02}")
        for n in range(40)
    ]
    error = failure(downloads, store)
    assert str(error) == (
        "cannot fetch 40 of 40 files:\n"
        "    40 files, such as debian: p00: not reachable: Connection refused\n"
        "  hint: check the network and the mirror's address; run again, and it goes on where it was"
    )
    assert parts(store) == []


def test_offline_uses_the_store_and_names_what_it_lacks(web: Web, store: Store) -> None:
    here, lacking = offered(web, "here", b"here"), offered(web, "lacking", b"lacking")
    fetch([here], store)
    assert fetch([here], store, offline=True) == ()
    with pytest.raises(ModpkgError) as caught:
        fetch([here, lacking], store, offline=True)
    assert str(caught.value) == (
        "cannot go on offline: 1 file (7 bytes) is not in the store:\n    debian: lacking\n"
        "  hint: run the command once without --offline"
    )
    assert web.starts("lacking") == []


def test_progress_counts_bytes_up_to_the_total(web: Web, store: Store) -> None:
    download = offered(web, "big", BIG)
    web.faults["big"] = [Fault(cut_after=100_000), Fault(without_range=True)]
    events: list[Event] = []
    fetch([download], store, sink=events.append, patience=SOON)
    last = events[-1]
    assert isinstance(last, Progress)
    assert (last.done, last.total, last.unit) == (len(BIG), len(BIG), "bytes")


def test_proxies_of_the_environment_are_not_asked(
    web: Web, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{_closed_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    download = offered(web, "p.deb", b"p")
    fetch([download], store, patience=SOON)
    assert store.has(download.sha256)


def test_two_fetches_at_once_ask_for_each_file_once(web: Web, store: Store) -> None:
    downloads = [offered(web, f"p{n}", BIG + bytes([n])) for n in range(4)]
    for n in range(4):
        web.faults[f"p{n}"] = [Fault(pause_seconds=0.005)]
    errors: list[BaseException] = []

    def work() -> None:
        try:
            fetch(downloads, store)
        except BaseException as error:  # noqa: BLE001 - a thread's error is judged below
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(request.path for request in web.requests) == ["p0", "p1", "p2", "p3"]
    assert missing(downloads, store) == []


def test_a_file_that_another_process_fetches_is_waited_for(web: Web, store: Store) -> None:
    download = offered(web, "p.deb", b"p")
    events: list[Event] = []
    stop = threading.Event()
    with held_part(store, download, stop=stop, sink=events.append) as part:
        assert part is not None
        seen = threading.Event()

        def sink(event: Event) -> None:
            events.append(event)
            seen.set()

        thread = threading.Thread(target=fetch, args=([download], store), kwargs={"sink": sink})
        thread.start()
        assert seen.wait(5)
        assert web.requests == []
    thread.join()
    assert events[0] == Warned("waiting for another modpkg that fetches debian: p.deb")
    assert store.has(download.sha256)
