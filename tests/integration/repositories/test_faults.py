from __future__ import annotations

import hashlib
import sys
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import createrepo_c
import pytest

from modpkg.apt.index import read_channel
from modpkg.host.run import running
from modpkg.openpgp.verify import verify_detached
from modpkg.pipeline.journal import read_snapshots
from tests.support.repos import AptClient, DnfClient, Workshop, package_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.keys import TestKey

pytestmark = pytest.mark.programs
KILLS = 8
PUBLISHERS = 4
PUBLISHER = """\
import sys, time
from pathlib import Path
from modpkg.openpgp.keys import Key
from modpkg.openpgp.sign import Signer
from modpkg.pipeline.publish import Target, publish
from tests.support.repos import make_document
root, base_url, home, fingerprint, created, *packages = sys.argv[1:]
signer = Signer(key=Key(fingerprint=fingerprint, owner="", created=int(created)), home=Path(home))
target = Target(repository=Path(root), document=make_document(base_url), channel="testing")
print("ready", flush=True)
show = lambda event: print(event, flush=True)
publish([Path(each) for each in packages], target=target, signer=signer, now=int(time.time()), sink=show)
print("done", flush=True)
"""


def command(workshop: Workshop, packages: list[Path]) -> list[str]:
    key = workshop.signer.key
    return [
        sys.executable,
        "-c",
        PUBLISHER,
        str(workshop.places.root),
        workshop.document.base_url,
        str(workshop.signer.home),
        key.fingerprint,
        str(key.created),
        *map(str, packages),
    ]


def check_whole(workshop: Workshop, key: TestKey) -> list[str]:
    """Follow every digest that clients follow, for apt and for dnf; give the modules that apt sees."""
    www = workshop.places.www
    channel = read_channel(workshop.places.root, "testing", architecture="amd64", keyring=key.public)
    for entry in channel.entries:
        assert hashlib.sha256((www / entry.path).read_bytes()).hexdigest() == entry.sha256
    address = (www / "rpm/testing.mirrorlist").read_text().strip()
    snapshot = www / address.removeprefix(f"{workshop.document.base_url}/")
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
    return [f"{entry.control['Modpkg-Module']} {entry.version}" for entry in channel.entries]


def run_and_kill(words: list[str], seconds: float) -> None:
    ready = threading.Event()

    def on_line(line: str) -> None:
        if line.strip() == "ready":
            ready.set()

    with running(words, on_line=on_line) as child:
        assert ready.wait(60)
        time.sleep(seconds)
        child.kill()
        child.wait()


def test_a_publisher_killed_at_any_time_leaves_clients_whole_and_the_next_one_succeeds(
    workshop: Workshop, release_key: TestKey, tmp_path: Path
) -> None:
    now = int(time.time())
    watch = time.monotonic()
    workshop.publish(workshop.make(version="1.0.0-1"), now=now)
    duration = time.monotonic() - watch
    apt = AptClient.made(tmp_path / "apt", base_url=workshop.document.base_url, key=release_key.public)
    for number in range(2, KILLS + 2):
        packages = workshop.make(version=f"1.0.0-{number}")
        run_and_kill(command(workshop, packages), duration * 1.2 * (number - 1) / KILLS)
        versions = check_whole(workshop, release_key)
        assert versions[: number - 1] == [f"core 1.0.0-{each}" for each in range(1, number)]
        apt.run("update", "--error-on=any")
        workshop.publish(packages, now=int(time.time()))
        assert check_whole(workshop, release_key) == [f"core 1.0.0-{each}" for each in range(1, number + 1)]
    apt.run("update", "--error-on=any")
    apt.run("install", package_of("core"))
    assert apt.installed("core") == f"core 1.0.0-{KILLS + 1}"
    assert not list(workshop.signer.home.glob("S.*"))


def test_publishers_at_once_lose_nothing(workshop: Workshop, release_key: TestKey) -> None:
    names = [f"module-{number}" for number in range(PUBLISHERS)]
    lines: list[str] = []
    with ExitStack() as stack:
        children = [
            stack.enter_context(running(command(workshop, workshop.make(name)), on_line=lines.append))
            for name in names
        ]
        assert [child.wait(120) for child in children] == [0] * PUBLISHERS
    assert check_whole(workshop, release_key) == [f"{name} 1.0.0-1" for name in names]
    assert len(read_snapshots(workshop.places)) == PUBLISHERS
    assert any("waiting for another modpkg" in line for line in lines)


def test_a_client_with_an_old_index_still_installs(
    workshop: Workshop, release_key: TestKey, tmp_path: Path
) -> None:
    now = int(time.time())
    workshop.publish(workshop.make(version="1.0.0-1"), now=now)
    base_url = workshop.document.base_url
    apt = AptClient.made(tmp_path / "apt", base_url=base_url, key=release_key.public)
    source = f"mirrorlist={base_url}/rpm/testing.mirrorlist"
    dnf = DnfClient.made(tmp_path / "dnf", source=source, key=release_key.public)
    apt.run("update")
    dnf.run("makecache")
    for number in range(2, 6):
        workshop.publish(workshop.make(version=f"1.0.0-{number}"), now=now + number)
    apt.run("install", package_of("core"))
    dnf.run("--setopt=modpkg.metadata_expire=never", "install", package_of("core"))
    assert (apt.installed("core"), dnf.installed("core")) == ("core 1.0.0-1", "core 1.0.0-1")


def test_clients_never_fail_while_packages_are_published(
    workshop: Workshop, release_key: TestKey, tmp_path: Path
) -> None:
    now = int(time.time())
    workshop.publish(workshop.make(version="1.0.0-1"), now=now)
    apt = AptClient.made(tmp_path / "apt", base_url=workshop.document.base_url, key=release_key.public)
    failures: list[str] = []
    stop = threading.Event()

    def look(ask: Callable[[], None]) -> None:
        while not stop.is_set():
            try:
                ask()
            except Exception as error:  # noqa: BLE001 (any failure of a client counts)
                failures.append(str(error))

    clients = [
        threading.Thread(target=look, args=(ask,))
        for ask in (
            lambda: apt.run("update", "--error-on=any"),
            lambda: check_whole(workshop, release_key),
        )
    ]
    for client in clients:
        client.start()
    for number in range(2, 10):
        workshop.publish(workshop.make(version=f"1.0.0-{number}"), now=now + number)
    stop.set()
    for client in clients:
        client.join()
    assert failures == []


def test_no_program_is_needed_to_publish_the_same_again(workshop: Workshop) -> None:
    packages = workshop.make()
    workshop.publish(packages)
    fingerprint = workshop.signer.key.fingerprint
    workshop.signer.home.rename(workshop.signer.home.with_name("gone"))
    assert workshop.publish(packages).key == fingerprint
