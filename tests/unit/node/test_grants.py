"""Grants to wipe: each is used once, whoever asks, however many ask at a time."""

from __future__ import annotations

import http.client
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.events import Event, Warned
from modpkg.node.granter import granting
from modpkg.node.grants import Grants

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def grants(tmp_path: Path) -> Grants:
    return Grants(tmp_path / "grants")


class UnixConnection(http.client.HTTPConnection):
    """A connection as nginx makes it."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def ask(path: Path, method: str, url: str) -> int:
    connection = UnixConnection(path)
    connection.request(method, url)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_grant_is_open_until_it_is_taken(grants: Grants) -> None:
    assert grants.open() == {}
    grant = grants.give("beo-01", ["a", "b"])
    assert grants.open() == {"beo-01": grant}
    assert grants.take(grant.token)
    assert grants.open() == {}
    assert not grants.take(grant.token)
    assert [path.stem for path in (grants.root / "used").iterdir()] == [grant.token]


def test_a_new_grant_takes_the_place_of_the_node_s_former_one_alone(grants: Grants) -> None:
    first, other = grants.give("beo-01", ["a"]), grants.give("beo-02", ["a"])
    second = grants.give("beo-01", ["b"])
    assert grants.open() == {"beo-01": second, "beo-02": other}
    assert not grants.take(first.token)


def test_a_grant_that_is_taken_back_cannot_be_used(grants: Grants) -> None:
    grant = grants.give("beo-01", ["a"])
    assert grants.withdraw("beo-01")
    assert not grants.withdraw("beo-01")
    assert not grants.take(grant.token)


@pytest.mark.parametrize("token", ["", "../x", "0" * 32, "0" * 31, "x" * 32, "0" * 32 + "\n"])
def test_what_is_no_token_takes_nothing(grants: Grants, token: str) -> None:
    grants.give("beo-01", ["a"])
    assert not grants.take(token)
    assert len(grants.open()) == 1


def test_of_many_who_ask_at_a_time_one_is_given_it(grants: Grants) -> None:
    grant = grants.give("beo-01", ["a"])
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(grants.take, [grant.token] * 32))
    assert answers.count(True) == 1


def test_a_file_that_is_no_grant_is_told(grants: Grants) -> None:
    grants.root.mkdir()
    (grants.root / "x.json").write_text("{}")
    with pytest.raises(BadInputError, match=r"x\.json"):
        grants.open()


def test_a_node_is_answered_once_and_the_operator_is_told(grants: Grants, tmp_path: Path) -> None:
    grant = grants.give("beo-01", ["a"])
    path, told = tmp_path / "run/grants.sock", list[Event]()
    with granting(grants, path, sink=told.append):
        assert ask(path, "GET", f"/grant/{grant.token}") == 501
        assert ask(path, "POST", f"/other/{grant.token}") == 410
        assert ask(path, "POST", "/grant/../grants") == 410
        assert ask(path, "POST", f"/grant/{grant.token}") == 204
        assert ask(path, "POST", f"/grant/{grant.token}") == 410
    assert told == [Warned("beo-01 has used its grant to wipe disks")]
    assert not path.exists()


def test_a_socket_that_was_left_is_no_hindrance(grants: Grants, tmp_path: Path) -> None:
    path = tmp_path / "grants.sock"
    path.write_text("")
    with granting(grants, path):
        assert ask(path, "POST", "/grant/x") == 410


def test_a_path_that_is_too_long_for_a_socket_is_bad_input(grants: Grants, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="more than 107 bytes"), granting(grants, tmp_path / ("x" * 110)):
        pass
