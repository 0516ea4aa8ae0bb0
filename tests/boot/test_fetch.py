"""The stage that fetches, with the busybox that runs it in a node and servers that fail."""

from __future__ import annotations

import hashlib
import os
import shlex
import time
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

import modpkg.initramfs
from modpkg.host.run import run
from modpkg.node.serve import Handler

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.programs
SOURCE = Path(modpkg.initramfs.__file__).parent
CONTENT = os.urandom(300_000)
LARGE_PIECES = 80


class Failing(Handler):
    """Ends each of the first answers behind some bytes; keeps what was asked."""

    def __init__(self, *args: Any, asked: list[str], cuts: list[int], **options: Any) -> None:
        self.asked, self.cuts = asked, cuts
        super().__init__(*args, **options)

    def do_GET(self) -> None:  # noqa: N802 - the base class names it so
        """Answer in part while there are cuts left, then whole."""
        begin = self.headers.get("Range") or "all"
        self.asked.append(begin)
        if not self.cuts:
            super().do_GET()
            return
        start = 0 if begin == "all" else int(begin.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : start + self.cuts.pop(0)])


@contextmanager
def failing(*cuts: int, kind: type[Failing] = Failing) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = partial(kind, asked=asked, cuts=list(cuts), content={"image": CONTENT}, reports=[])
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/image", asked
        finally:
            server.shutdown()


def get(tmp_path: Path, *urls: str, pauses: bool = True, then: str = "") -> str:
    """Fetch from the first of some addresses that gives it, then run more; what is said of it is the answer."""
    stage = (SOURCE / "stages/fetch.sh").read_text()
    functions = stage[stage.index("# How near") :].partition("\n[ -n ")[0]
    # The node's own places; a watcher looks each 5 s, which would make a test as long.
    functions = functions.replace("/tmp/wget.log", f"{tmp_path}/wget.log")  # noqa: S108 - the node's
    functions = functions.replace("sleep 5", "sleep 0.3")
    if not pauses:
        functions = functions.replace('sleep "$pause"', ":")
    target = shlex.quote(str(tmp_path / "image"))
    names = f"reason_file=/dev/stdout; told=; digests={shlex.quote(str(tmp_path / 'digests'))}"
    text = f'{names}; {functions}\nurls="{" ".join(urls)}"; get_any {target}; echo "$told"; {then}'
    words = ["busybox", "sh", "-u", "-c", f". {shlex.quote(str(SOURCE))}/library.sh; {text}"]
    return run(words, env={"MODPKG_ARGUMENTS": ""}, check=False).stdout


def test_what_was_cut_off_goes_on_where_it_ended_each_time(tmp_path: Path) -> None:
    with failing(100_000, 50_000) as (url, asked):
        said = get(tmp_path, url)
    assert (tmp_path / "image").read_bytes() == CONTENT
    assert asked == ["all", "bytes=100000-", "bytes=150000-"]
    assert said.count("cannot fetch") == 2
    assert said.endswith(f"300000 bytes from {url}\n")


def test_the_next_server_goes_on_where_the_one_before_ended(tmp_path: Path) -> None:
    with failing(200_000) as (first, asked), failing() as (second, asked_then):
        said = get(tmp_path, "http://127.0.0.1:1/image", first, second)
    assert (tmp_path / "image").read_bytes() == CONTENT
    assert (asked, asked_then) == (["all"], ["bytes=200000-"])
    assert "127.0.0.1:1/image: wget: can't connect" in said


def test_when_no_server_gives_it_the_stage_ends_with_the_last_reason_after_five_rounds(
    tmp_path: Path,
) -> None:
    urls = ("http://127.0.0.1:1/image", "http://127.0.0.1:2/image")
    said = get(tmp_path, *urls, pauses=False)
    assert said.count("cannot fetch") == 10
    assert said.splitlines()[-1].startswith("no address gave image; the last one said: wget: can't connect")


def digests(tmp_path: Path) -> dict[str, str]:
    return {
        path.name: path.read_text().split()[0]
        for path in (tmp_path / "digests").iterdir()
        if path.stat().st_size
    }


def test_what_comes_at_once_is_digested_while_it_comes_and_read_no_more(tmp_path: Path) -> None:
    with failing() as (url, _):
        # The stage after it would see what else the file held; it is not looked at.
        said = get(tmp_path, url, then=f"echo x >>{tmp_path}/image; sum=$(cat $digests/image); echo $sum")
    right = hashlib.sha256(CONTENT).hexdigest()
    assert digests(tmp_path) == {"image": right}
    assert said.splitlines()[-1].split()[0] == right


class Slow(Failing):
    """Gives what takes a while: the digest gets to where the file ends again and again."""

    def do_GET(self) -> None:  # noqa: N802 - the base class names it so
        """Answer in pieces."""
        self.asked.append("")
        self.send_response(200)
        self.send_header("Content-Length", str(LARGE_PIECES * len(CONTENT)))
        self.end_headers()
        for _ in range(LARGE_PIECES):
            self.wfile.write(CONTENT)
            time.sleep(0.02)


def test_a_digest_does_not_take_the_end_so_far_for_the_end_of_all(tmp_path: Path) -> None:
    with failing(kind=Slow) as (url, _):
        get(tmp_path, url)
    assert digests(tmp_path) == {"image": hashlib.sha256(CONTENT * LARGE_PIECES).hexdigest()}


@pytest.mark.parametrize("cut", [0, 1, 100_000, len(CONTENT) - 1])
def test_what_comes_in_parts_is_read_whole_from_where_it_lies(tmp_path: Path, cut: int) -> None:
    with failing(cut) as (url, _):
        get(tmp_path, url)
    assert (tmp_path / "image").read_bytes() == CONTENT
    assert digests(tmp_path) == {}


class Restarting(Failing):
    """Gives half of the right content, then all of it anew with another first byte, whatever it is asked for."""

    def do_GET(self) -> None:  # noqa: N802 - the base class names it so
        """Answer with 200 each time."""
        self.asked.append("")
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        half = CONTENT[: len(CONTENT) // 2]
        self.wfile.write(half if len(self.asked) == 1 else b"X" + CONTENT[1:])


def test_a_server_that_begins_anew_cannot_pass_off_what_was_digested_before(tmp_path: Path) -> None:
    right = hashlib.sha256(CONTENT).hexdigest()
    with failing(kind=Restarting) as (url, asked):
        said = get(tmp_path, url, then=f"verify {tmp_path}/image {right} 'the image'")
    assert len(asked) == 2
    found = hashlib.sha256(b"X" + CONTENT[1:]).hexdigest()
    assert said.splitlines()[-1] == f"the image's sha256 is {found}, wanted {right}"
