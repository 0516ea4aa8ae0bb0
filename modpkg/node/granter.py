"""Answers nodes that ask for the one use of their grant to wipe disks, over a socket that nginx hands requests to.

A grant is used up before it is answered: an answer that is lost costs the grant, never a second boot's disks.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import TYPE_CHECKING, Any, Final

from modpkg.errors import BadInputError
from modpkg.events import Sink, Warned, ignore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from modpkg.node.grants import Grants

PLACE: Final = "/grant/"
TIMEOUT_SECONDS: Final = 10
# Linux: sockaddr_un in sys/un.h has 108 bytes, the last one is 0.
MOST_PATH_BYTES: Final = 107


class _Server(ThreadingMixIn, UnixStreamServer):
    request_queue_size = 1024
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Be silent: a node that goes away in the middle is no fault of ours."""


def handler_of(grants: Grants, sink: Sink = ignore) -> type[BaseHTTPRequestHandler]:
    """Give what answers POST /grant/<token>: 204 to the first who asks, 410 to everybody else."""

    class Handler(BaseHTTPRequestHandler):
        timeout = TIMEOUT_SECONDS

        def do_POST(self) -> None:
            nodes = {grant.token: grant.node for grant in grants.open().values()}
            token = self.path.removeprefix(PLACE)
            is_taken = self.path.startswith(PLACE) and grants.take(token)
            if is_taken:
                sink(Warned(f"{nodes.get(token, 'a node')} has used its grant to wipe disks"))
            self.close_connection = True
            with suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(HTTPStatus.NO_CONTENT if is_taken else HTTPStatus.GONE)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            """Be silent: what happens is told as an event."""

    return Handler


@contextmanager
def granting(grants: Grants, socket: Path, *, sink: Sink = ignore) -> Iterator[None]:
    """Answer nodes over a Unix socket while the block runs."""
    if len(str(socket).encode()) > MOST_PATH_BYTES:
        what = f"cannot listen for nodes: the path has more than {MOST_PATH_BYTES} bytes"
        raise BadInputError(what, where=str(socket), hint="work elsewhere: --work DIR")
    socket.parent.mkdir(parents=True, exist_ok=True)
    # Left by a server that was killed.
    socket.unlink(missing_ok=True)
    with _Server(str(socket), handler_of(grants, sink)) as server:
        # nginx works as a user of its own.
        socket.chmod(0o666)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            socket.unlink(missing_ok=True)
