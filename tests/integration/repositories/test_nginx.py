from __future__ import annotations

import os
import socket
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from modpkg.host.run import running
from modpkg.pipeline.serve_by_nginx import render_nginx
from modpkg.pipeline.verify_repository import Wish, verify_repository
from modpkg.store.origin import WebOrigin
from tests.support.fetched import nginx_program
from tests.support.repos import AptClient, DnfClient, Workshop, package_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.keys import TestKey

pytestmark = [
    pytest.mark.programs,
    pytest.mark.network,
    pytest.mark.skipif(os.geteuid() != 0, reason="nginx lets root alone choose the user of its workers"),
]
CORE = package_of("core")
MAIN = """\
user root;
worker_processes 1;
daemon off;
pid {directory}/pid;
error_log stderr warn;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include {directory}/repository.conf;
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, lines: list[str]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"nginx does not answer: {lines}")


@contextmanager
def nginx(workshop: Workshop, directory: Path, port: int) -> Iterator[list[str]]:
    directory.mkdir()
    text = render_nginx(workshop.document, workshop.places.www, listen=f"127.0.0.1:{port}")
    (directory / "repository.conf").write_text(text)
    (directory / "nginx.conf").write_text(MAIN.format(directory=directory))
    lines: list[str] = []
    words = [str(nginx_program()), "-e", "stderr", "-p", str(directory), "-c", str(directory / "nginx.conf")]
    with running(words, on_line=lines.append):
        wait_for(port, lines)
        yield lines


@pytest.fixture(params=["", "/modules"], ids=["root", "path"])
def published(request: pytest.FixtureRequest, workshop: Workshop, tmp_path: Path) -> Iterator[Workshop]:
    port = free_port()
    there = workshop.at(f"http://127.0.0.1:{port}{request.param}")
    there.publish(there.make(), now=int(time.time()))
    with nginx(there, tmp_path / "nginx", port) as lines:
        yield there
    assert [line for line in lines if "[emerg]" in line or "[crit]" in line] == []


def headers(address: str, *, method: str = "HEAD", **more: str) -> dict[str, str]:
    request = urllib.request.Request(address, method=method, headers=more)  # noqa: S310 (loopback)
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 (loopback)
        return {
            "status": str(response.status),
            **{key.lower(): text for key, text in response.headers.items()},
        }


def test_clients_install_from_nginx_and_the_repository_verifies(
    published: Workshop, release_key: TestKey, tmp_path: Path
) -> None:
    base = published.base_url
    apt = AptClient.made(tmp_path / "apt", base_url=base, key=release_key.public)
    apt.run("update", "--error-on=any")
    apt.run("install", CORE)
    dnf = DnfClient.made(
        tmp_path / "dnf", source=f"mirrorlist={base}/rpm/testing.mirrorlist", key=release_key.public
    )
    dnf.run("install", CORE)
    assert apt.installed("core") == dnf.installed("core") == "core 1.0.0-1"
    for depth in ("full", "quick"):
        wish = Wish(
            origin=WebOrigin(address=base),
            keyring=release_key.public,
            channels=("testing",),
            now=int(time.time()),
            addresses=(base,),
            depth=depth,
        )
        assert verify_repository(wish).faults == ()


def test_what_never_changes_is_kept_and_the_rest_is_asked_for(published: Workshop) -> None:
    www, found = published.places.www, {}
    (www / "pool/00").mkdir(parents=True, exist_ok=True)
    (www / "pool/00/a+b~c_1.deb").write_bytes(b"odd")
    for path in sorted(www.rglob("*")):
        if path.is_file():
            name = str(path.relative_to(www))
            address = f"{published.base_url}/{urllib.request.quote(name)}"
            found[name] = headers(address)["cache-control"]
    kept = {name for name, header in found.items() if "immutable" in header}
    assert "pool/00/a+b~c_1.deb" in kept
    assert all(name.startswith(("pool/", "rpm/snap-")) or "/by-hash/" in name for name in kept)
    asked = set(found) - kept
    assert {found[name] for name in asked} == {"no-cache"}
    assert {"key.asc", "dists/testing/InRelease", "rpm/testing.mirrorlist"} <= asked
    assert not any(name.startswith(("pool/", "rpm/snap-")) or "/by-hash/" in name for name in asked)


def test_nginx_knows_ranges_and_says_when_nothing_changed(published: Workshop) -> None:
    address = f"{published.base_url}/dists/testing/InRelease"
    part = headers(address, method="GET", Range="bytes=0-9")
    assert (part["status"], part["content-length"]) == ("206", "10")
    etag = headers(address)["etag"]
    with pytest.raises(urllib.error.HTTPError, match="304"):
        headers(address, method="GET", **{"If-None-Match": etag})
    assert headers(f"{published.base_url}/key.asc")["content-type"] == "text/plain"


def test_nginx_takes_nothing_and_lists_nothing(published: Workshop) -> None:
    for address, method, status in (
        (f"{published.base_url}/pool/", "GET", 403),
        (f"{published.base_url}/key.asc", "PUT", 403),
        (f"{published.base_url}/key.asc", "DELETE", 403),
        (f"{published.base_url}/../state/lock", "GET", 400),
        (f"{published.base_url}/pool/none", "GET", 404),
    ):
        with pytest.raises(urllib.error.HTTPError) as caught:
            headers(address, method=method)
        assert caught.value.code in {status, 404}, (address, method)
        assert "cache-control" not in {key.lower() for key in caught.value.headers}
        caught.value.close()
