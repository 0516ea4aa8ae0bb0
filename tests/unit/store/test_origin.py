from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.store.origin import DirectoryOrigin, MissingError, Origin, OriginError, WebOrigin, open_origin
from modpkg.store.transfer import Patience
from tests.support.web import Fault, Web, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = bytes(range(256)) * 300
NAME = "pool/a+b~c_1.deb"
QUICK = Patience(attempts=2, delay_seconds=0.01, timeout_seconds=2.0)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "www/pool").mkdir(parents=True)
    (tmp_path / "www" / NAME).write_bytes(CONTENT)
    return tmp_path / "www"


@pytest.fixture
def web(place: Path) -> Iterator[Web]:
    with serving(place) as web:
        yield web


@pytest.fixture(params=["directory", "web"])
def origin(request: pytest.FixtureRequest, place: Path, web: Web) -> Origin:
    if request.param == "directory":
        return DirectoryOrigin(place)
    return WebOrigin(address=web.url, patience=QUICK)


def test_a_file_is_read_whole_or_from_its_beginning(origin: Origin) -> None:
    assert origin.read(NAME, most=len(CONTENT)) == CONTENT
    assert origin.start(NAME, count=10) == CONTENT[:10]
    assert origin.start(NAME, count=len(CONTENT) + 1) == CONTENT
    with origin.file(NAME, size=len(CONTENT)) as path:
        assert path.read_bytes() == CONTENT


def test_what_is_larger_than_it_may_be_is_refused(origin: Origin) -> None:
    with pytest.raises(OriginError, match=f"larger than {len(CONTENT) - 1} bytes"):
        origin.read(NAME, most=len(CONTENT) - 1)


@pytest.mark.parametrize("size", [0, 1, len(CONTENT) - 1, len(CONTENT) + 1])
def test_a_file_of_another_size_is_refused(origin: Origin, size: int) -> None:
    with pytest.raises(OriginError, match=r"size|larger"), origin.file(NAME, size=size):
        pytest.fail("it has another size")


def test_a_missing_file_is_missing(origin: Origin) -> None:
    with pytest.raises(MissingError, match="it is missing"):
        origin.read("pool/none", most=10)
    with pytest.raises(MissingError):
        origin.start("pool/none", count=10)
    with pytest.raises(MissingError), origin.file("pool/none", size=1):
        pytest.fail("there is none")


def test_a_directory_tells_sizes(place: Path) -> None:
    assert DirectoryOrigin(place).size(NAME) == len(CONTENT)
    with pytest.raises(MissingError):
        DirectoryOrigin(place).size("none")


@pytest.mark.parametrize("target", ["../secret", "/etc/hostname", "pool"])
def test_a_link_that_leads_out_and_a_directory_are_refused(place: Path, target: str) -> None:
    (place.parent / "secret").write_text("secret")
    (place / "link").symlink_to(target)
    with pytest.raises(OriginError, match=r"leads out of the repository|is not a file"):
        DirectoryOrigin(place).read("link", most=100)


def test_a_link_inside_is_followed(place: Path) -> None:
    (place / "link").symlink_to(NAME)
    assert DirectoryOrigin(place).size("link") == len(CONTENT)


def test_neither_a_pipe_nor_a_circle_is_waited_for(place: Path) -> None:
    os.mkfifo(place / "pipe")
    (place / "circle").symlink_to("circle")
    for name in ("pipe", "circle"):
        with pytest.raises(OriginError):
            DirectoryOrigin(place).read(name, most=10)


def test_a_transfer_that_breaks_off_goes_on_where_it_was(web: Web) -> None:
    web.faults[NAME] = [Fault(cut_after=50_000)]
    with WebOrigin(address=web.url, patience=QUICK).file(NAME, size=len(CONTENT)) as path:
        assert path.read_bytes() == CONTENT
    assert web.starts(NAME) == [None, 50_000]


def test_a_small_file_that_breaks_off_is_asked_for_again(web: Web) -> None:
    web.faults[NAME] = [Fault(cut_after=10), Fault(status=503)]
    patient = Patience(attempts=3, delay_seconds=0.01, timeout_seconds=2.0)
    assert WebOrigin(address=web.url, patience=patient).read(NAME, most=len(CONTENT)) == CONTENT


def test_a_server_that_refuses_is_not_asked_again(web: Web) -> None:
    web.faults[NAME] = [Fault(status=403), Fault(status=403)]
    with pytest.raises(OriginError, match="refuses it: 403"):
        WebOrigin(address=web.url, patience=QUICK).read(NAME, most=10)
    assert len(web.requests) == 1


def test_a_server_that_is_not_there_is_an_error() -> None:
    with pytest.raises(OriginError, match="cannot be fetched"):
        WebOrigin(address="http://127.0.0.1:1", patience=QUICK).read("x", most=10)


def test_a_place_is_an_address_or_a_directory(place: Path) -> None:
    assert open_origin(str(place)) == DirectoryOrigin(place)
    assert open_origin(place.as_uri()) == DirectoryOrigin(place)
    assert open_origin("https://repository.example/x/").address == "https://repository.example/x"
    with pytest.raises(BadInputError, match="it is no directory"):
        open_origin(str(place / "none"))
