"""A web server on loopback for tests: serves a directory, with ranges, and fails where it is told to."""

from __future__ import annotations

import re
import threading
import time
import urllib.parse
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One bad answer: a status, or the connection cut after some bytes, or slowness before each block."""

    status: int = 0
    cut_after: int | None = None
    without_range: bool = False
    wrong_range: bool = False
    pause_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked for; `start` is the first byte of its range, or None."""

    path: str
    start: int | None


@dataclass(slots=True)
class Web:
    """The server as a test sees it. Each request of a path uses up one of its faults."""

    root: Path
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    faults: defaultdict[str, list[Fault]] = field(default_factory=lambda: defaultdict(list))

    def starts(self, path: str) -> list[int | None]:
        """Give where the requests of one path began."""
        return [request.start for request in self.requests if request.path == path]


class _Sizes(BaseHTTPRequestHandler):
    """Answers what is asked of sizes alone, without faults and uncounted."""

    web: Web

    def do_HEAD(self) -> None:
        path = self.web.root / urllib.parse.unquote(self.path.lstrip("/"))
        if not path.is_file():
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(path.stat().st_size))
        self.end_headers()


def _handler(web: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(_Sizes):
        def do_GET(self) -> None:
            found = re.match(r"bytes=(\d+)-$", self.headers.get("Range", ""))
            start = int(found[1]) if found else None
            path = urllib.parse.unquote(self.path.lstrip("/"))
            web.requests.append(Request(path, start))
            fault = web.faults[path].pop(0) if web.faults[path] else Fault()
            self.answer(web.root / path, start, fault)

        def answer(self, path: Path, start: int | None, fault: Fault) -> None:
            if fault.status or not path.is_file():
                self.send_error(fault.status or 404)
                return
            content = path.read_bytes()
            first = 0 if fault.without_range else start or 0
            if first > len(content) or (first and first == len(content)):
                self.send_error(416)
                return
            self.send_response(206 if first else 200)
            self.send_header("Content-Length", str(len(content) - first))
            if first:
                shown = first + 1 if fault.wrong_range else first
                self.send_header("Content-Range", f"bytes {shown}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            self.send_body(content[first:], fault)

        def send_body(self, body: bytes, fault: Fault) -> None:
            cut = len(body) if fault.cut_after is None else fault.cut_after
            for offset in range(0, cut, 1 << 14):
                time.sleep(fault.pause_seconds)
                try:
                    self.wfile.write(body[offset : min(offset + (1 << 14), cut)])
                except ConnectionError:
                    return
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
            """Keep quiet."""

    Handler.web = web
    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up: tests make them do so."""


@contextmanager
def serving(root: Path, *, tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    """Serve a directory while the block runs."""
    web = Web(root)
    with _Server(("127.0.0.1", 0), _handler(web)) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        web.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield web
        finally:
            server.shutdown()
            thread.join()
