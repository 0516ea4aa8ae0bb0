"""The image server, asked over real sockets on the loopback."""

import http.client
from pathlib import Path

import pytest

from modpkg.node.serve import Server, serving

Answer = tuple[int, dict[str, str], bytes]

CONTENT = bytes(range(256)) * 16


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "root.squashfs"
    path.write_bytes(CONTENT)
    return path


def ask(server: Server, method: str, path: str, *, part: str = "", body: bytes | None = None) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request(method, path, body=body, headers={"Range": part} if part else {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_a_file_and_bytes_are_given_whole(image: Path) -> None:
    with serving({"root.squashfs": image, "check.sh": b"true\n"}) as server:
        status, headers, body = ask(server, "GET", "/root.squashfs")
        assert (status, body, headers["Content-Length"]) == (200, CONTENT, "4096")
        assert ask(server, "GET", "/check.sh")[2] == b"true\n"


@pytest.mark.parametrize(
    ("part", "start", "end"),
    [("bytes=100-", 100, 4096), ("bytes=0-9", 0, 10), ("bytes=4090-9999", 4090, 4096)],
)
def test_a_broken_download_goes_on_where_it_ended(image: Path, part: str, start: int, end: int) -> None:
    with serving({"i": image}) as server:
        status, headers, body = ask(server, "GET", "/i", part=part)
    assert (status, body) == (206, CONTENT[start:end])
    assert headers["Content-Range"] == f"bytes {start}-{end - 1}/4096"


def test_a_part_behind_the_end_is_refused(image: Path) -> None:
    with serving({"i": image}) as server:
        status, headers, _ = ask(server, "GET", "/i", part="bytes=4096-")
    assert (status, headers["Content-Range"]) == (416, "bytes */4096")


def test_a_form_of_range_that_is_not_known_gets_the_whole(image: Path) -> None:
    with serving({"i": image}) as server:
        assert ask(server, "GET", "/i", part="bytes=-5")[0::2] == (200, CONTENT)


def test_head_tells_the_size_without_the_body(image: Path) -> None:
    with serving({"i": image}) as server:
        status, headers, body = ask(server, "HEAD", "/i")
    assert (status, headers["Content-Length"], body) == (200, "4096", b"")


@pytest.mark.parametrize("path", ["/", "/other", "/../i", "/%2e%2e/i", "/i/"])
def test_nothing_but_the_given_names_is_given(image: Path, path: str) -> None:
    with serving({"i": image}) as server:
        assert ask(server, "GET", path)[0] == 404


def test_an_empty_file_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with serving({"empty": tmp_path / "empty"}) as server:
        assert ask(server, "GET", "/empty")[0::2] == (200, b"")


def test_reports_are_kept_in_order() -> None:
    with serving({}) as server:
        for line in (b"modpkg: 1.00 fetch start", b"modpkg: 2.00 fetch end"):
            assert ask(server, "POST", "/report", body=line)[0] == 204
    assert server.reports == ["modpkg: 1.00 fetch start", "modpkg: 2.00 fetch end"]


def test_the_port_is_free_again_behind_the_block() -> None:
    with serving({}) as server:
        pass
    with pytest.raises(ConnectionRefusedError):
        ask(server, "GET", "/")
