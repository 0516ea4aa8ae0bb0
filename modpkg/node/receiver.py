"""Takes what nodes report, over a socket that nginx hands requests to, and keeps it in event logs.

A report is kept before it is answered. Whoever reaches the head may send one in the name of any node it knows: what
comes is checked for form and size, and believed no further than that.
"""

from __future__ import annotations

import json
import re
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import TYPE_CHECKING, Any, Final

from modpkg.errors import BadInputError
from modpkg.events import Output, Sink, ignore
from modpkg.host.files import locked
from modpkg.model.hostlist import HOST
from modpkg.node.event_log import EventLogs
from modpkg.node.event_text import BootLog, Event, ReportError, parse_report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from modpkg.node.head import HeadPlaces

MAX_REPORT_BYTES: Final = 65536
TIMEOUT_SECONDS: Final = 10
# Linux: sockaddr_un in sys/un.h has 108 bytes, the last one is 0.
MAX_SOCKET_PATH_BYTES: Final = 107
# As many as may ask at once; the kernel takes no more than net.core.somaxconn.
WAITING: Final = 4096
PATH: Final = re.compile(r"/event/([0-9a-f]{2}(?::[0-9a-f]{2}){5})")


class RefusalError(Exception):
    """A request that is not taken, with the status of HTTP and the reason."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class _Server(ThreadingMixIn, UnixStreamServer):
    request_queue_size = WAITING
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Be silent: a node that goes away in the middle is no fault of ours."""


@contextmanager
def receiving(places: HeadPlaces, *, sink: Sink = ignore) -> Iterator[EventLogs]:
    """Take reports of the nodes of the generation in use while the block runs. The log's events go to `sink`."""
    if len(str(places.socket).encode()) > MAX_SOCKET_PATH_BYTES:
        what = f"cannot listen for reports of nodes: the path has more than {MAX_SOCKET_PATH_BYTES} bytes"
        raise BadInputError(what, where=str(places.socket), hint="work elsewhere: --work DIR")
    logs = EventLogs(places.events)
    places.run.mkdir(parents=True, exist_ok=True)
    with locked(places.run / "events.lock", sink=sink):
        # Left by a receiver that was killed.
        places.socket.unlink(missing_ok=True)
        handler = partial(Handler, node_of=partial(node_of, places.current), logs=logs, sink=sink)
        with _Server(str(places.socket), handler) as server:
            # nginx works as a user of its own.
            places.socket.chmod(0o666)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
            thread.start()
            try:
                yield logs
            finally:
                server.shutdown()
                thread.join()
                places.socket.unlink(missing_ok=True)


def node_of(generation: Path, mac: str) -> str:
    """Give the name of the node with a MAC of the right form in a generation of the head; "" for a stranger."""
    try:
        name = json.loads((generation / "node" / f"{mac}.json").read_bytes())["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return name if isinstance(name, str) and HOST.fullmatch(name) else ""


class Handler(BaseHTTPRequestHandler):
    """Answers POST with 204 once a report is kept."""

    timeout = TIMEOUT_SECONDS

    def __init__(
        self, *args: Any, node_of: Callable[[str], str], logs: EventLogs, sink: Sink, **options: Any
    ) -> None:
        self.node_of = node_of
        self.logs = logs
        self.sink = sink
        super().__init__(*args, **options)

    def do_POST(self) -> None:
        """Keep a report."""
        try:
            node, report = self._read()
            new = self.logs.add(node, report)
        except RefusalError as refusal:
            self._refuse(refusal.status, str(refusal))
        except ReportError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        except OSError as error:
            # The disk is full, most often: the node's next report has all of this one.
            self._refuse(HTTPStatus.INSUFFICIENT_STORAGE, f"cannot keep it: {error.strerror}")
        else:
            for event in new:
                self.sink(Output("nodes", line_of(node, event)))
            self._answer(HTTPStatus.NO_CONTENT, b"")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
        """Be silent: what is kept is told as an event."""

    def _read(self) -> tuple[str, BootLog]:
        found = PATH.fullmatch(self.path)
        node = self.node_of(found[1]) if found else ""
        if not node:
            raise RefusalError(HTTPStatus.NOT_FOUND, "no node has this address")
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"[0-9]{1,9}", length):
            raise RefusalError(HTTPStatus.LENGTH_REQUIRED, "a report says how long it is")
        if int(length) > MAX_REPORT_BYTES:
            raise RefusalError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a report has at most {MAX_REPORT_BYTES} bytes"
            )
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise RefusalError(HTTPStatus.BAD_REQUEST, "the report was broken off")
        return node, parse_report(body, at=time.time())

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self._answer(status, f"{reason}\n".encode())

    def _answer(self, status: HTTPStatus, body: bytes) -> None:
        self.close_connection = True
        with suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            if body:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)


def line_of(node: str, event: Event) -> str:
    """Give the words for an event of a node."""
    return f"{node}: {event.seconds:.2f} s {event.stage} {event.state} {event.detail}".rstrip()
