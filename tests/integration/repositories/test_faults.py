from __future__ import annotations

import hashlib
import os
import re
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import createrepo_c
import pytest

from modpkg.apt.index import read_channel
from modpkg.errors import ModpkgError
from modpkg.host.files import locked
from modpkg.host.run import run, running
from modpkg.openpgp.verify import verify_detached
from modpkg.pipeline.journal import read_snapshots
from modpkg.pipeline.promote import promotion
from modpkg.pipeline.prune import prune
from tests.support.repos import AptClient, DnfClient, Workshop, make_document, package_of, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.support.keys import TestKey

pytestmark = pytest.mark.programs
# A hundred in all for the three verbs, and a minute. Smaller numbers are for those who work on this file.
KILLS = int(os.environ.get("MODPKG_KILLS", "34"))
CLIENT_SECONDS = float(os.environ.get("MODPKG_CLIENT_SECONDS", "60"))
PUBLISHERS = 8
OLD_PUBLICATIONS = 10
DAY = 86_400
WORKER = """\
import sys, time
from pathlib import Path
from modpkg.openpgp.keys import Key
from modpkg.openpgp.sign import Signer
from modpkg.pipeline.change import carry_out
from modpkg.pipeline.promote import promotion
from modpkg.pipeline.prune import prune
from modpkg.pipeline.publish import publish
from modpkg.pipeline.target import Target
from tests.support.repos import make_document
verb, root, base_url, home, fingerprint, created, *packages = sys.argv[1:]
signer = Signer(key=Key(fingerprint=fingerprint, owner="", created=int(created)), home=Path(home))
document = make_document(base_url, keep_snapshots=2, grace_days=0)
channel = "stable" if verb == "promote" else "testing"
target = Target(repository=Path(root), document=document, channel=channel)
now = int(time.time())
print("ready", flush=True)
show = lambda event: print(event, flush=True)
if verb == "publish":
    publish([Path(each) for each in packages], target=target, signer=signer, now=now, sink=show)
elif verb == "promote":
    carry_out(promotion("testing"), target=target, signer=signer, now=now, sink=show)
else:
    prune(Path(root), document, pins=(), now=now, sink=show)
print("done", flush=True)
"""


def command(workshop: Workshop, packages: Sequence[Path], *, verb: str = "publish") -> list[str]:
    key = workshop.signer.key
    return [
        sys.executable,
        "-c",
        WORKER,
        verb,
        str(workshop.places.root),
        workshop.base_url,
        str(workshop.signer.home),
        key.fingerprint,
        str(key.created),
        *map(str, packages),
    ]


def check_whole(workshop: Workshop, key: TestKey, channel: str = "testing") -> list[str]:
    """Follow every digest that clients follow, for apt and for dnf; give the modules that apt sees."""
    www = workshop.places.www
    state = read_channel(workshop.places.root, channel, architecture="amd64", keyring=key.public)
    for entry in state.entries:
        assert hashlib.sha256((www / entry.path).read_bytes()).hexdigest() == entry.sha256
    address = (www / f"rpm/{channel}.mirrorlist").read_text().strip()
    snapshot = www / address.removeprefix(f"{workshop.base_url}/")
    repomd = snapshot / "repodata/repomd.xml"
    verify_detached(repomd, repomd.with_name("repomd.xml.asc"), keyring=key.public)
    records = {record.type: record for record in createrepo_c.Repomd(str(repomd)).records}
    for record in records.values():
        content = (snapshot / record.location_href).read_bytes()
        assert hashlib.sha256(content).hexdigest() == record.checksum
    paths = [snapshot / records[kind].location_href for kind in ("primary", "filelists", "other")]
    for package in createrepo_c.PackageIterator(*map(str, paths)):
        content = (snapshot / package.location_href).read_bytes()
        assert hashlib.sha256(content).hexdigest() == package.pkgId
    return [f"{entry.control['Modpkg-Module']} {entry.version}" for entry in state.entries]


def run_and_kill(words: list[str], seconds: float | None) -> float:
    """Run a worker and kill it that long after it began; without a time it has to succeed. Give how long it ran."""
    ready, lines = threading.Event(), []

    def on_line(line: str) -> None:
        lines.append(line)
        if line.strip() == "ready":
            ready.set()

    with running(words, on_line=on_line) as child:
        assert ready.wait(60), "".join(lines)
        start = time.monotonic()
        if seconds is None:
            assert child.wait(120) == 0, "".join(lines)
        else:
            time.sleep(seconds)
            child.kill()
            child.wait()
        return time.monotonic() - start


@pytest.mark.parametrize("verb", ["publish", "promote", "prune"])
def test_who_is_killed_at_any_time_leaves_clients_whole_and_the_next_one_succeeds(
    workshop: Workshop, release_key: TestKey, tmp_path: Path, verb: str
) -> None:
    now = int(time.time())
    workshop.publish(workshop.make(version="1.0.0-1"), now=now)
    workshop.change(promotion("testing"), channel="stable", now=now)
    apt = AptClient.made(tmp_path / "apt", base_url=workshop.base_url, key=release_key.public)
    source = f"mirrorlist={workshop.base_url}/rpm/testing.mirrorlist"
    dnf = DnfClient.made(tmp_path / "dnf", source=source, key=release_key.public)
    duration = 0.0
    for number in range(2, KILLS + 3):
        packages = workshop.make(version=f"1.0.0-{number}")
        if verb != "publish":
            workshop.publish(packages, now=int(time.time()))
        before = [check_whole(workshop, release_key, channel) for channel in ("testing", "stable")]
        words = command(workshop, packages, verb=verb)
        if not duration:
            # The first one is not killed: it tells how long the work takes.
            duration = run_and_kill(words, None)
        else:
            run_and_kill(words, duration * 1.1 * (number - 3) / KILLS)
        for channel, versions in zip(("testing", "stable"), before, strict=True):
            # What a channel had it still has: nothing is half there, nothing is lost.
            assert check_whole(workshop, release_key, channel)[: len(versions)] == versions
        apt.run("update", "--error-on=any")
        if number % 10 == 0:
            dnf.run("makecache")
        run_and_kill(words, None)
        check_whole(workshop, release_key, "stable")
        assert check_whole(workshop, release_key) == [f"core 1.0.0-{each}" for each in range(1, number + 1)]
    assert not workshop.places.pending.exists()
    apt.run("update", "--error-on=any")
    apt.run("install", package_of("core"))
    dnf.run("install", package_of("core"))
    assert apt.installed("core") == dnf.installed("core") == f"core 1.0.0-{KILLS + 2}"
    assert not list(workshop.signer.home.glob("S.*"))


def test_publishers_at_once_lose_nothing(workshop: Workshop, release_key: TestKey) -> None:
    names = [f"module-{number}" for number in range(PUBLISHERS)]
    all_wait = threading.Semaphore(0)

    def on_line(line: str) -> None:
        if "waiting for another modpkg" in line:
            all_wait.release()

    with ExitStack() as stack:
        with locked(workshop.places.lock):
            children = [
                stack.enter_context(running(command(workshop, workshop.make(name)), on_line=on_line))
                for name in names
            ]
            for _ in names:
                assert all_wait.acquire(timeout=60)
        assert [child.wait(120) for child in children] == [0] * PUBLISHERS
    assert check_whole(workshop, release_key) == [f"{name} 1.0.0-1" for name in names]
    assert len(read_snapshots(workshop.places)) == PUBLISHERS


def test_a_client_with_an_old_index_still_installs(
    workshop: Workshop, release_key: TestKey, tmp_path: Path
) -> None:
    now = int(time.time())
    workshop.publish(workshop.make(version="1.0.0-1"), now=now)
    base_url = workshop.base_url
    apt = AptClient.made(tmp_path / "apt", base_url=base_url, key=release_key.public)
    source = f"mirrorlist={base_url}/rpm/testing.mirrorlist"
    dnf = DnfClient.made(tmp_path / "dnf", source=source, key=release_key.public)
    apt.run("update")
    dnf.run("makecache")
    for number in range(2, OLD_PUBLICATIONS + 2):
        workshop.publish(workshop.make(version=f"1.0.0-{number}"), now=now + number)
        prune(workshop.places.root, make_document(None), pins=(), now=now + number)
        apt.run("install", "--download-only", package_of("core"))
        for path in (apt.root / "var/cache/apt/archives").glob("*.deb"):
            path.unlink()
    apt.run("install", package_of("core"))
    dnf.run("--setopt=modpkg.metadata_expire=never", "install", package_of("core"), refresh=False)
    assert (apt.installed("core"), dnf.installed("core")) == ("core 1.0.0-1", "core 1.0.0-1")


def test_clients_never_fail_while_packages_are_published(
    workshop: Workshop, release_key: TestKey, tmp_path: Path
) -> None:
    with served(workshop.places.www) as base_url:
        there = workshop.at(base_url)
        now = int(time.time()) - DAY
        there.publish(there.make(version="1.0.0-1"), now=now)
        apt = AptClient.made(tmp_path / "apt", base_url=base_url, key=release_key.public)
        source = f"mirrorlist={base_url}/rpm/testing.mirrorlist"
        dnf = DnfClient.made(tmp_path / "dnf", source=source, key=release_key.public)
        failures: list[str] = []
        counts = {"apt": 0, "dnf": 0, "reader": 0}
        stop = threading.Event()

        def look(name: str, ask: Callable[[], object]) -> None:
            while not stop.is_set():
                try:
                    ask()
                except Exception as error:  # noqa: BLE001 (any failure of a client counts)
                    failures.append(str(error))
                counts[name] += 1

        asks: dict[str, Callable[[], object]] = {
            "apt": lambda: apt.run("update", "--error-on=any"),
            "dnf": lambda: dnf.run("repoquery", package_of("core")),
            "reader": lambda: check_whole(there, release_key),
        }
        clients = [threading.Thread(target=look, args=words) for words in asks.items()]
        for client in clients:
            client.start()
        number, end = 1, time.monotonic() + CLIENT_SECONDS
        while time.monotonic() < end or min(counts.values()) == 0:
            number += 1
            there.publish(there.make(version=f"1.0.0-{number}"), now=now + number)
        stop.set()
        for client in clients:
            client.join()
    assert failures == []
    assert number > 2


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[None]:
    place.mkdir(parents=True)
    run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", place])
    try:
        yield
    finally:
        run(["umount", place])


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")
@pytest.mark.parametrize("verb", ["publish", "promote"])
def test_a_disk_that_is_full_at_any_write_leaves_the_old_state_whole(
    workshop: Workshop, release_key: TestKey, verb: str
) -> None:
    packages = workshop.make(version="1.0.0-2", content="x" * 50_000)
    with small_disk(workshop.places.root, "2m"):
        now = int(time.time()) - DAY
        workshop.publish(workshop.make(version="1.0.0-1"), now=now)
        workshop.change(promotion("testing"), channel="stable", now=now)
        if verb == "promote":
            workshop.publish(packages, now=now + 1)
        channel = "stable" if verb == "promote" else "testing"
        before = check_whole(workshop, release_key, channel)
        ballast = workshop.places.root / "ballast"
        failed = 0
        for free in range(0, 1_000, 8):
            fill(ballast, leave=free * 1024)
            try:
                if verb == "publish":
                    workshop.publish(packages, now=now + 2)
                else:
                    workshop.change(promotion("testing"), channel="stable", now=now + 2)
            except (ModpkgError, OSError) as error:
                assert re.search("No space left|is full", str(error)), error  # noqa: PT017 (one of many times)
                failed += 1
                # The old state, or, where it was decided already, the new one.
                assert check_whole(workshop, release_key, channel)[:1] == before[:1]
            else:
                break
        ballast.unlink(missing_ok=True)
        assert failed > 3
        workshop.publish([], now=now + 3)
        assert check_whole(workshop, release_key, channel) == ["core 1.0.0-1", "core 1.0.0-2"]


def fill(ballast: Path, *, leave: int) -> None:
    """Let a file take all room of a disk but for so many bytes."""
    ballast.unlink(missing_ok=True)
    room = os.statvfs(ballast.parent)
    with ballast.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, max(1, room.f_bavail * room.f_frsize - leave))


def test_no_program_is_needed_to_publish_the_same_again(workshop: Workshop) -> None:
    packages = workshop.make()
    workshop.publish(packages)
    fingerprint = workshop.signer.key.fingerprint
    workshop.signer.home.rename(workshop.signer.home.with_name("gone"))
    assert workshop.publish(packages).key == fingerprint
