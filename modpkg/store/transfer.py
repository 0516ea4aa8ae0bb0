"""One file over HTTP into an open partial file: resumed, retried, its size checked.

It never trusts a byte (the caller checks the digest) and never names the host in an error: mirrors are private
to a site.
"""

from __future__ import annotations

import enum
import http.client
import os
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from io import FileIO

BLOCK_BYTES: Final = 1 << 16
PARTIAL: Final = 206
UNSATISFIABLE: Final = 416
GONE_STATUS: Final = frozenset({404, 410})
PASSING_STATUS: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class Kind(enum.Enum):
    """How a transfer failed; the values are the words for users."""

    GONE = "gone"
    WRONG = "not the locked file"
    REFUSED = "refused"
    UNREACHABLE = "not reachable"
    CUT = "cut off"


PASSING: Final = frozenset({Kind.CUT, Kind.UNREACHABLE})


class TransferError(Exception):
    """A file did not come. `detail` is for users and names no host."""

    def __init__(self, kind: Kind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a transfer that makes no progress is tried, and how long is waited; the wait doubles."""

    attempts: int = 4
    delay_seconds: float = 0.5
    timeout_seconds: float = 20.0


class Response(Protocol):
    """What is used of urllib's answers; a file:// address has no status."""

    status: int | None
    headers: http.client.HTTPMessage

    def read(self, amount: int, /) -> bytes:
        """Give at most `amount` bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What is to come: the locked size, where the bytes go, who is told of them (negative: thrown away)."""

    opener: urllib.request.OpenerDirector
    part: FileIO
    size: int
    patience: Patience
    stop: threading.Event
    on_bytes: Callable[[int], None]

    def run(self, url: str) -> None:
        """Bring the partial file to its full size. Raises TransferError."""
        left, best = self.patience.attempts, self.have()
        while True:
            try:
                self._attempt(url)
            except TransferError as error:
                now = self.have()
                left, best = (self.patience.attempts, now) if now > best else (left - 1, best)
                if error.kind not in PASSING or left == 0 or self.stop.is_set():
                    raise
                self.stop.wait(self.patience.delay_seconds * 2 ** (self.patience.attempts - left - 1))
            else:
                return

    def have(self) -> int:
        """Give the bytes that are here."""
        return self.part.seek(0, os.SEEK_END)

    def restart(self) -> None:
        """Throw away what is here."""
        self.on_bytes(-self.have())
        self.part.seek(0)
        self.part.truncate()

    def _attempt(self, url: str) -> None:
        if self.have() > self.size:
            self.restart()
        have = self.have()
        if have == self.size:
            return
        request = urllib.request.Request(url, headers={"User-Agent": "modpkg"})  # noqa: S310 - checked below
        if have:
            request.add_header("Range", f"bytes={have}-")
        try:
            with self.opener.open(request, timeout=self.patience.timeout_seconds) as response:
                self._receive(response)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == UNSATISFIABLE:
                self.restart()
            raise _status_error(error.code, error.reason) from error
        except urllib.error.URLError as error:
            raise _address_error(url, error) from error
        except (http.client.HTTPException, TimeoutError, ConnectionError) as error:
            raise TransferError(Kind.CUT, _words(url, error)) from error

    def _receive(self, response: Response) -> None:
        if response.status != PARTIAL:
            self.restart()
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {self.have()}-"):
            self.restart()
            raise TransferError(Kind.CUT, "the answer does not fit to the range that was asked for")
        coming = response.headers.get("Content-Length")
        if coming is not None and self.have() + int(coming) != self.size:
            raise _wrong_size(self.have() + int(coming), self.size)
        while block := response.read(BLOCK_BYTES):
            if self.stop.is_set():
                raise TransferError(Kind.CUT, "stopped")
            write_all(self.part, block)
            self.on_bytes(len(block))
            if self.part.tell() > self.size:
                raise _wrong_size(self.part.tell(), self.size)
        if self.have() < self.size:
            raise TransferError(Kind.CUT, f"the connection ended after {self.have()} of {self.size} bytes")


def write_all(stream: FileIO, block: bytes) -> None:
    """Write a block whole: an unbuffered write may be short, as on a disk that is nearly full."""
    rest = memoryview(block)
    while rest:
        rest = rest[stream.write(rest) or 0 :]


def _wrong_size(found: int, wanted: int) -> TransferError:
    return TransferError(Kind.WRONG, f"its size is {found} bytes, not {wanted}")


def _status_error(code: int, reason: str) -> TransferError:
    detail = f"{code} {reason}"
    if code in GONE_STATUS:
        return TransferError(Kind.GONE, detail)
    passing = code in PASSING_STATUS or code == UNSATISFIABLE
    return TransferError(Kind.CUT if passing else Kind.REFUSED, detail)


def _address_error(url: str, error: urllib.error.URLError) -> TransferError:
    # A missing file of a file:// mirror is as gone as a 404.
    if isinstance(error.reason, FileNotFoundError) or isinstance(error.__context__, FileNotFoundError):
        return TransferError(Kind.GONE, "no such file")
    local = urllib.parse.urlsplit(url).scheme == "file"
    return TransferError(Kind.REFUSED if local else Kind.UNREACHABLE, _words(url, error.reason))


def _words(url: str, reason: object) -> str:
    text = reason.strerror if isinstance(reason, OSError) and reason.strerror else str(reason)
    host = urllib.parse.urlsplit(url).hostname
    return (text.replace(host, "the mirror") if host else text) or type(reason).__name__
