"""Fetches of real processes: killed, at the same time, on a full disk."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.host import namespaces
from modpkg.host.run import run, running
from modpkg.store.failures import Download
from modpkg.store.fetch import fetch
from modpkg.store.store import Store
from tests.support.web import Fault, Web, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.programs
GOLDEN = Path(__file__).parents[2] / "golden" / "archive"
ROOT = Path(__file__).parents[3]
CONTENT = b"0123456789abcdef" * 100_000
PROGRAM = """
import sys
from pathlib import Path
from modpkg.errors import ModpkgError
from modpkg.store.failures import Download
from modpkg.store.fetch import fetch
from modpkg.store.store import Store
root, *words = sys.argv[1:]
downloads = [
    Download(urls=(url,), sha256=sha256, size=int(size), name=url.rsplit("/", 1)[-1])
    for url, sha256, size in zip(words[0::3], words[1::3], words[2::3], strict=True)
]
try:
    fetch(downloads, Store(Path(root)))
except ModpkgError as error:
    print(error)
    sys.exit(error.exit_code)
"""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    root = tmp_path / "www"
    root.mkdir()
    with serving(root) as server:
        yield server


def offered(web: Web, *names: str) -> list[Download]:
    downloads = []
    for name in names:
        content = CONTENT + name.encode()
        (web.root / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        url = f"{web.url}/{name}"
        downloads.append(Download(urls=(url,), sha256=digest, size=len(content), name=name))
    return downloads


def command(store: Path, downloads: list[Download]) -> list[str]:
    words = [word for one in downloads for word in (one.urls[0], one.sha256, str(one.size))]
    return [sys.executable, "-c", PROGRAM, str(store), *words]


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_after_a_kill_the_next_run_goes_on_where_it_was(web: Web, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    downloads = offered(web, "a", "b")
    part = store.root / "partial" / downloads[0].sha256
    for name in ("a", "b"):
        web.faults[name] = [Fault(pause_seconds=0.05)]
    argv = command(store.root, downloads)
    with running(argv, on_line=print, env={"PYTHONPATH": str(ROOT)}) as child:
        wait_until(lambda: part.exists() and part.stat().st_size > 100_000)
        child.kill()
        child.wait()
    assert not any(store.has(one.sha256) for one in downloads)
    had = part.stat().st_size
    fetch(downloads, store)
    assert web.starts("a") == [None, had]
    assert all(store.path(one.sha256).read_bytes()[: len(CONTENT)] == CONTENT for one in downloads)
    assert list((store.root / "partial").iterdir()) == []


def test_two_processes_fetch_each_file_once(web: Web, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    names = [f"p{number}" for number in range(6)]
    downloads = offered(web, *names)
    for name in names:
        web.faults[name] = [Fault(pause_seconds=0.002)]
    lines: list[str] = []
    environment = {"PYTHONPATH": str(ROOT)}
    argv = command(store.root, downloads)
    with (
        running(argv, on_line=lines.append, env=environment) as one,
        running(argv, on_line=lines.append, env=environment) as other,
    ):
        assert (one.wait(30), other.wait(30)) == (0, 0)
    assert lines == []
    assert sorted(request.path for request in web.requests) == names


@pytest.mark.parametrize("count", [1, 4])
def test_a_full_disk_is_said(tmp_path: Path, golden: Callable[[Path, str], None], count: int) -> None:
    downloads = []
    for number in range(count):
        path = tmp_path / f"p{number}"
        path.write_bytes(CONTENT + bytes([number]))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        size = path.stat().st_size
        downloads.append(Download(urls=(path.as_uri(),), sha256=digest, size=size, name=path.name))
    small = tmp_path / "small"
    small.mkdir()
    script = 'mount -t tmpfs -o size=1m none "$1" && shift && exec "$@"'
    argv = [*namespaces.enter(namespaces.mode()), "sh", "-c", script, "sh", str(small)]
    completed = run([*argv, *command(small / "store", downloads)], env={"PYTHONPATH": str(ROOT)}, check=False)
    assert completed.returncode == 1, completed.stderr
    text = re.sub(r"[\d,]+ are free", "FEW are free", completed.stdout.replace(str(tmp_path), "WORK"))
    golden(GOLDEN / f"disk-full-{count}.txt", text)


def test_a_disk_that_has_room_again_gets_the_rest(tmp_path: Path) -> None:
    # The store of the full disk keeps its beginnings: here they are what a kill left.
    source = tmp_path / "p"
    source.write_bytes(CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    store = Store(tmp_path / "store")
    part = store.root / "partial" / digest
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:4096])
    os.utime(part, (0, 0))
    download = Download(urls=(source.as_uri(),), sha256=digest, size=len(CONTENT), name="p")
    assert [receipt.sha256 for receipt in fetch([download], store)] == [digest]
