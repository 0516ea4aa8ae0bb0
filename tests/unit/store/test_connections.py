"""Hosts are looked up once, and an address that does not answer is passed over."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from modpkg.store.connections import Addresses

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listening:
        yield listening


def entry(port: int) -> tuple[Any, ...]:
    return (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))


class Names:
    """A name server that counts its questions."""

    def __init__(self, *entries: tuple[Any, ...]) -> None:
        self.entries = list(entries)
        self.questions = 0

    def __call__(self, *_: object, **__: object) -> list[tuple[Any, ...]]:
        self.questions += 1
        return self.entries


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_many_threads_ask_once(server: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(entry(server.getsockname()[1]))
    monkeypatch.setattr(socket, "getaddrinfo", names)
    addresses = Addresses()

    def work() -> None:
        addresses.connect("mirror.test", 80, 5).close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names.questions == 1
    addresses.connect("other.test", 80, 5).close()
    assert names.questions == 2


def test_the_address_that_answers_is_the_first_next_time(
    server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead, alive = entry(closed_port()), entry(server.getsockname()[1])
    monkeypatch.setattr(socket, "getaddrinfo", Names(dead, alive))
    addresses = Addresses()
    with addresses.connect("mirror.test", 80, 5) as connection:
        assert connection.getpeername() == alive[4]
        assert connection.gettimeout() == 5
    assert addresses.known["mirror.test", 80] == [alive, dead]


def test_the_last_error_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(entry(closed_port()), entry(closed_port())))
    with pytest.raises(ConnectionRefusedError):
        Addresses().connect("mirror.test", 80, 5)


def test_a_failed_look_up_is_tried_again(server: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = Addresses()

    def no_names(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", no_names)
        with pytest.raises(socket.gaierror):
            addresses.connect("mirror.test", 80, 5)
    monkeypatch.setattr(socket, "getaddrinfo", Names(entry(server.getsockname()[1])))
    addresses.connect("mirror.test", 80, 5).close()
