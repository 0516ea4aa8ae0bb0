"""One transfer with an opener that only pretends: every answer that a server may give."""

import errno
import http.client
import io
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from modpkg.store.transfer import Kind, Patience, Transfer, TransferError, write_all

URL = "https://mirror.example/pool/a.deb"
CONTENT = b"0123456789" * 10
SOON = Patience(attempts=3, delay_seconds=0.0, timeout_seconds=1)


class Answer:
    """One answer: whole, from a byte on, cut, or with headers that lie."""

    def __init__(
        self, content: bytes, *, status: int | None = 200, headers: dict[str, str] | None = None
    ) -> None:
        self.status = status
        self.headers = Message()
        for name, value in (headers or {}).items():
            self.headers[name] = value
        self.stream = io.BytesIO(content)

    def read(self, amount: int) -> bytes:
        return self.stream.read(min(amount, 7))


class Opener:
    """Gives prepared answers, or raises them, and remembers what was asked for."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.ranges: list[str | None] = []

    @contextmanager
    def open(self, request: urllib.request.Request, *, timeout: float) -> Iterator[Any]:
        assert timeout == 1
        self.ranges.append(request.get_header("Range"))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        yield answer


@pytest.fixture
def part(tmp_path: Path) -> Iterator[FileIO]:
    with FileIO(tmp_path / "part", "w+") as stream:
        yield stream


def transfer(part: FileIO, *answers: Any, told: list[int] | None = None, stop: bool = False) -> Opener:
    opener = Opener(*answers)
    event = threading.Event()
    if stop:
        event.set()
    Transfer(
        opener=opener,  # type: ignore[arg-type]
        part=part,
        size=len(CONTENT),
        patience=SOON,
        stop=event,
        on_bytes=(told if told is not None else []).append,
    ).run(URL)
    return opener


def failed(part: FileIO, *answers: Any) -> TransferError:
    with pytest.raises(TransferError) as caught:
        transfer(part, *answers)
    return caught.value


def content(part: FileIO) -> bytes:
    part.seek(0)
    return part.read()


def status(code: int, reason: str = "Reason") -> urllib.error.HTTPError:
    return urllib.error.HTTPError(URL, code, reason, Message(), io.BytesIO())


def partial(start: int) -> Answer:
    headers = {"Content-Range": f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}"}
    return Answer(CONTENT[start:], status=206, headers=headers)


def test_a_whole_answer_is_kept(part: FileIO) -> None:
    told: list[int] = []
    opener = transfer(part, Answer(CONTENT), told=told)
    assert content(part) == CONTENT
    assert sum(told) == len(CONTENT)
    assert opener.ranges == [None]


def test_what_is_here_is_not_asked_for_again(part: FileIO) -> None:
    part.write(CONTENT[:30])
    told: list[int] = []
    opener = transfer(part, partial(30), told=told)
    assert (content(part), opener.ranges, sum(told)) == (CONTENT, ["bytes=30-"], 70)


def test_a_whole_file_needs_no_answer(part: FileIO) -> None:
    part.write(CONTENT)
    assert transfer(part, RuntimeError("asked")).ranges == []


def test_too_much_is_thrown_away(part: FileIO) -> None:
    part.write(CONTENT + b"more")
    told: list[int] = []
    transfer(part, Answer(CONTENT), told=told)
    assert (content(part), sum(told)) == (CONTENT, -4)


def test_a_server_that_knows_no_ranges_begins_anew(part: FileIO) -> None:
    part.write(b"x" * 30)
    told: list[int] = []
    transfer(part, Answer(CONTENT), told=told)
    assert (content(part), sum(told)) == (CONTENT, 70)


def test_the_wrong_range_is_not_kept(part: FileIO) -> None:
    part.write(CONTENT[:30])
    opener = transfer(part, partial(40), Answer(CONTENT))
    assert (content(part), opener.ranges) == (CONTENT, ["bytes=30-", None])


def test_a_range_that_cannot_be_satisfied_begins_anew(part: FileIO) -> None:
    part.write(b"x" * 30)
    opener = transfer(part, status(416), Answer(CONTENT))
    assert (content(part), opener.ranges) == (CONTENT, ["bytes=30-", None])


def test_a_cut_connection_is_resumed(part: FileIO) -> None:
    opener = transfer(part, Answer(CONTENT[:60]), partial(60))
    assert (content(part), opener.ranges) == (CONTENT, [None, "bytes=60-"])


def test_progress_gives_new_patience(part: FileIO) -> None:
    # Ten cuts are more than three attempts, but each brings ten bytes.
    def piece(start: int) -> Answer:
        whole = partial(start)
        whole.stream = io.BytesIO(CONTENT[start : start + 10])
        return whole

    transfer(part, Answer(CONTENT[:10]), *(piece(start) for start in range(10, 100, 10)))
    assert content(part) == CONTENT


@pytest.mark.parametrize("code", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(part: FileIO, code: int) -> None:
    assert len(transfer(part, status(code), status(code), Answer(CONTENT)).ranges) == 3


def test_patience_ends(part: FileIO) -> None:
    error = failed(part, status(503, "Service Unavailable"))
    assert (error.kind, error.detail) == (Kind.CUT, "503 Service Unavailable")


@pytest.mark.parametrize(
    ("code", "kind"),
    [(404, Kind.GONE), (410, Kind.GONE), (401, Kind.REFUSED), (403, Kind.REFUSED), (451, Kind.REFUSED)],
)
def test_what_will_not_pass_is_told_at_once(part: FileIO, code: int, kind: Kind) -> None:
    opener_error = failed(part, status(code), RuntimeError("asked again"))
    assert opener_error.kind is kind


@pytest.mark.parametrize("length", [99, 101])
def test_another_length_is_another_file(part: FileIO, length: int) -> None:
    error = failed(part, Answer(CONTENT, headers={"Content-Length": str(length)}))
    assert (error.kind, error.detail) == (Kind.WRONG, f"its size is {length} bytes, not 100")
    assert content(part) == b""


def test_an_answer_that_does_not_end_is_another_file(part: FileIO) -> None:
    assert failed(part, Answer(CONTENT * 1000)).kind is Kind.WRONG
    assert len(content(part)) < 200


@pytest.mark.parametrize(
    ("error", "kind", "detail"),
    [
        (
            urllib.error.URLError(ConnectionRefusedError(111, "Connection refused")),
            Kind.UNREACHABLE,
            "Connection refused",
        ),
        (urllib.error.URLError("unknown host mirror.example"), Kind.UNREACHABLE, "unknown host the mirror"),
        (TimeoutError("timed out"), Kind.CUT, "timed out"),
        (ConnectionResetError(104, "Connection reset by peer"), Kind.CUT, "Connection reset by peer"),
        (http.client.IncompleteRead(b""), Kind.CUT, "IncompleteRead(0 bytes read)"),
        (http.client.BadStatusLine(""), Kind.CUT, ""),
    ],
)
def test_faults_of_the_network_name_no_host(part: FileIO, error: Exception, kind: Kind, detail: str) -> None:
    found = failed(part, error)
    assert found.kind is kind
    assert found.detail == detail or (not detail and found.detail)
    assert "mirror.example" not in found.detail


def test_a_missing_file_of_a_local_mirror_is_gone(part: FileIO) -> None:
    missing = urllib.error.URLError(FileNotFoundError(errno.ENOENT, "No such file", "/srv/a.deb"))
    assert failed(part, missing).kind is Kind.GONE


def test_who_is_stopped_ends(part: FileIO) -> None:
    with pytest.raises(TransferError, match="stopped"):
        transfer(part, Answer(CONTENT), stop=True)


def test_short_writes_lose_nothing() -> None:
    class Slow(io.BytesIO):
        def write(self, block: Any) -> int:
            return super().write(bytes(block[:3]))

    stream = Slow()
    write_all(stream, CONTENT)  # type: ignore[arg-type]
    assert stream.getvalue() == CONTENT


def test_a_full_disk_is_not_hidden(part: FileIO) -> None:
    del part
    with FileIO("/dev/full", "w") as full, pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        write_all(full, b"x")
