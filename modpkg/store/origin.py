"""Where a published repository is read: a directory or an address. Trusts neither: every read has a limit.

A path that leads out of the repository is refused, also one that a symbolic link leads out; so is a file that
is larger than it may be, before it is read. Nothing is written but copies that the caller asks for.
"""

from __future__ import annotations

import http.client
import shutil
import stat
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from modpkg.errors import BadInputError
from modpkg.store.connections import new_opener
from modpkg.store.transfer import GONE_STATUS, PASSING_STATUS, Kind, Patience, Transfer, TransferError

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterator, Mapping

Result = TypeVar("Result")
SCHEMES: Final = ("http://", "https://")
USUAL_PATIENCE: Final = Patience()
MISSING: Final = "it is missing"
READ_BYTES: Final = 1 << 16


class OriginError(Exception):
    """A file cannot be read, for the reason that the message tells."""


class MissingError(OriginError):
    """There is no such file."""

    def __init__(self) -> None:
        super().__init__(MISSING)


class Origin(Protocol):
    """A repository that can be read. Every method raises OriginError."""

    @property
    def address(self) -> str:
        """What users call it."""

    def read(self, path: str, *, most: int) -> bytes:
        """Give a file of at most `most` bytes."""

    def start(self, path: str, *, count: int) -> bytes:
        """Give the first bytes of a file, fewer when it is shorter."""

    def size(self, path: str) -> int:
        """Give the size of a file in bytes."""

    @contextmanager
    def file(self, path: str, *, size: int) -> Iterator[Path]:
        """Give a local path with the content of a file that has to have this size."""


def open_origin(text: str) -> Origin:
    """Give the origin that a user named: an http or https address, or a directory."""
    if text.startswith(SCHEMES):
        return WebOrigin(address=text.rstrip("/"))
    local = text.startswith("file://")
    place = Path(urllib.parse.unquote(text.removeprefix("file://")) if local else text)
    if not place.is_dir():
        raise BadInputError("cannot read the repository: it is no directory", where=text)
    return DirectoryOrigin(place)


@dataclass(frozen=True, slots=True)
class DirectoryOrigin:
    """A directory of this machine, which others may have written."""

    place: Path

    @property
    def address(self) -> str:
        """What users call it."""
        return str(self.place)

    def read(self, path: str, *, most: int) -> bytes:
        """Give a file of at most `most` bytes."""
        local = self._local(path)
        if local.stat().st_size > most:
            raise OriginError(f"it is larger than {most} bytes")
        return local.read_bytes()

    def start(self, path: str, *, count: int) -> bytes:
        """Give the first bytes of a file."""
        with self._local(path).open("rb") as stream:
            return stream.read(count)

    def size(self, path: str) -> int:
        """Give the size of a file."""
        return self._local(path).stat().st_size

    @contextmanager
    def file(self, path: str, *, size: int) -> Iterator[Path]:
        """Give the file itself."""
        local = self._local(path)
        found = local.stat().st_size
        if found != size:
            raise OriginError(f"its size is {found} bytes, not {size}")
        yield local

    def _local(self, path: str) -> Path:
        try:
            local = (self.place / path).resolve(strict=True)
            kind = local.stat().st_mode
        except FileNotFoundError as error:
            raise MissingError from error
        except (OSError, ValueError, RuntimeError) as error:
            raise OriginError(f"it cannot be read: {error}") from error
        if not local.is_relative_to(self.place.resolve()):
            raise OriginError("it leads out of the repository")
        if not stat.S_ISREG(kind):
            raise OriginError("it is not a file")
        return local


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOrigin:
    """An address of http or https. What breaks off is asked for again, packages from where they were."""

    address: str
    patience: Patience = USUAL_PATIENCE
    opener: urllib.request.OpenerDirector = field(default_factory=new_opener)

    def read(self, path: str, *, most: int) -> bytes:
        """Give a file of at most `most` bytes."""
        return self._insist(path, lambda: self._read(path, most=most))

    def start(self, path: str, *, count: int) -> bytes:
        """Give the first bytes of a file, by a range."""
        return self._insist(path, lambda: self._start(path, count=count))

    def size(self, path: str) -> int:
        """Give the size that the server tells."""
        return self._insist(path, lambda: self._size(path))

    @contextmanager
    def file(self, path: str, *, size: int) -> Iterator[Path]:
        """Give a copy of the file as long as the block runs."""
        if size == 0:
            self.read(path, most=0)  # a transfer of nothing would ask for nothing
        scratch = Path(tempfile.mkdtemp(prefix="modpkg."))
        try:
            copy = scratch / "copy"
            with copy.open("w+b", buffering=0) as part:
                self._transfer(part, path, size)
            yield copy
        finally:
            shutil.rmtree(scratch)

    def _read(self, path: str, *, most: int) -> bytes:
        with self._open(path) as response:
            told = response.headers.get("Content-Length")
            content = b"" if told and int(told) > most else _read_up_to(response, most + 1)
        if (told and int(told) > most) or len(content) > most:
            raise OriginError(f"it is larger than {most} bytes")
        if told and len(content) < int(told):
            raise http.client.IncompleteRead(content)
        return content

    def _start(self, path: str, *, count: int) -> bytes:
        with self._open(path, {"Range": f"bytes=0-{count - 1}"}) as response:
            return _read_up_to(response, count)

    def _size(self, path: str) -> int:
        with self._open(path, method="HEAD") as response:
            told = response.headers.get("Content-Length", "")
        if not told.isascii() or not told.isdigit():
            raise OriginError("the server does not tell its size")
        return int(told)

    def _transfer(self, part: io.FileIO, path: str, size: int) -> None:
        transfer = Transfer(
            opener=self.opener,
            part=part,
            size=size,
            patience=self.patience,
            stop=threading.Event(),
            on_bytes=_ignore,
        )
        try:
            transfer.run(self._url(path))
        except TransferError as error:
            if error.kind is Kind.GONE:
                raise MissingError from error
            raise OriginError(f"it cannot be fetched: {error.detail}") from error

    def _open(
        self, path: str, headers: Mapping[str, str] | None = None, *, method: str = "GET"
    ) -> http.client.HTTPResponse:
        request = urllib.request.Request(  # noqa: S310 (open_origin looked at the scheme)
            self._url(path), headers={"User-Agent": "modpkg", **(headers or {})}, method=method
        )
        response: http.client.HTTPResponse = self.opener.open(request, timeout=self.patience.timeout_seconds)
        return response

    def _url(self, path: str) -> str:
        # Some object stores take a plus for a space unless it is written in this way.
        return f"{self.address}/{urllib.parse.quote(path, safe='/~')}"

    def _insist(self, path: str, attempt: Callable[[], Result]) -> Result:
        delay = self.patience.delay_seconds
        for left in range(self.patience.attempts - 1, -1, -1):
            try:
                return attempt()
            except urllib.error.HTTPError as error:
                error.close()
                if error.code in GONE_STATUS:
                    raise MissingError from error
                if error.code not in PASSING_STATUS or not left:
                    raise OriginError(f"the server refuses it: {error.code} {error.reason}") from error
            except (OSError, http.client.HTTPException) as error:
                if not left:
                    raise OriginError(f"it cannot be fetched: {error}") from error
            time.sleep(delay)
            delay *= 2
        raise AssertionError(f"{path} is asked for at least once")


def _ignore(count: int) -> None:
    del count


def _read_up_to(response: http.client.HTTPResponse, count: int) -> bytes:
    pieces: list[bytes] = []
    while count and (piece := response.read(min(count, READ_BYTES))):
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)
