"""An HTTP server on the loopback that gives nodes their image, in this process.

Serves exactly the names it was given, never a directory, and parts of them on request, so that a node can
go on with a broken download. Keeps what nodes report.
"""

from __future__ import annotations

import io
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LOOPBACK: Final = "127.0.0.1"
RANGE: Final = re.compile(r"^bytes=(\d+)-(\d*)$")
MAX_REPORT_BYTES: Final = 65536
BLOCK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that runs: its port, and what nodes have reported so far, in order of arrival."""

    port: int
    reports: list[str] = field(default_factory=list)


@contextmanager
def serving(content: Mapping[str, Path | bytes]) -> Iterator[Server]:
    """Serve each name of `content` as `/<name>` while the block runs."""
    reports: list[str] = []
    handler = partial(Handler, content=content, reports=reports)
    with ThreadingHTTPServer((LOOPBACK, 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield Server(port=http.server_port, reports=reports)
        finally:
            http.shutdown()
            thread.join()


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD for files, POST for reports."""

    def __init__(self, *args: Any, content: Mapping[str, Path | bytes], reports: list[str]) -> None:
        self.content = content
        self.reports = reports
        super().__init__(*args)

    def do_GET(self) -> None:
        """Send a file or the part of it that is asked for."""
        self._send(with_body=True)

    def do_HEAD(self) -> None:
        """Send what `do_GET` would, without the body."""
        self._send(with_body=False)

    def do_POST(self) -> None:
        """Keep a report."""
        length = min(int(self.headers.get("Content-Length", "0")), MAX_REPORT_BYTES)
        self.reports.append(self.rfile.read(length).decode(errors="replace"))
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
        """Be silent: the node tells what it fetches."""

    def _send(self, *, with_body: bool) -> None:
        found = self.content.get(self.path.lstrip("/"))
        if found is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        with _opened(found) as stream:
            size = stream.seek(0, io.SEEK_END)
            start, end = _part(self.headers.get("Range"), size)
            if start >= end and size:
                self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
                self.send_header("Content-Range", f"bytes */{size}")
                self.end_headers()
                return
            self._send_head(start, end, size)
            if with_body:
                stream.seek(start)
                self._send_body(stream, end - start)

    def _send_head(self, start: int, end: int, size: int) -> None:
        if end - start == size:
            self.send_response(HTTPStatus.OK)
        else:
            self.send_response(HTTPStatus.PARTIAL_CONTENT)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(end - start))
        self.end_headers()

    def _send_body(self, stream: IO[bytes], length: int) -> None:
        try:
            while length > 0 and (data := stream.read(min(length, BLOCK_BYTES))):
                self.wfile.write(data)
                length -= len(data)
        except (BrokenPipeError, ConnectionResetError):
            # A node that went away asks again, or not: neither is a fault of the server.
            self.close_connection = True


def _opened(content: Path | bytes) -> IO[bytes]:
    return content.open("rb") if isinstance(content, Path) else io.BytesIO(content)


def _part(header: str | None, size: int) -> tuple[int, int]:
    # Other forms than "from-to" and "from-" may be answered by the whole file, says the protocol.
    match = RANGE.match(header or "")
    if not match:
        return 0, size
    start = int(match[1])
    end = int(match[2]) + 1 if match[2] else size
    return start, min(end, size)
