"""A node in QEMU that joins a chroot over real NFS: all that may happen to it on the server, in one boot."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from modpkg.events import Event, Output, ignore
from modpkg.model.chroot import ChrootPlaces
from modpkg.model.cluster import Chroot
from modpkg.node.boot import BootOptions, boot_image
from modpkg.node.chroot import chroot_conf
from modpkg.pipeline.commit_chroot import commit_chroot
from modpkg.pipeline.enter_chroot import enter_chroot
from tests.support.little_node import PACKAGES
from tests.support.nfs_server import NfsServer, nfs_server
from tests.support.node_image import node_image, read_rows
from tests.support.small_chroot import make_package, small_chroot
from tests.support.small_root import SmallRoot, small_root

pytestmark = [pytest.mark.boot, pytest.mark.programs, pytest.mark.network]

HELPERS = {
    # Asks the server's side for something, and waits until it is done.
    "head-do": """\
#!/bin/sh
echo "<2>CHROOT ask $1" >/dev/kmsg
until [ -e /run/modpkg/chroot/nfs/share/signals/$1 ] || [ -e /run/signals/$1 ]; do sleep 1; done
""",
    "within": """\
#!/bin/sh
# within SECONDS COMMAND: until it succeeds; tells the time it took if it took long.
end=$(($(date +%s) + $1)); shift
until sh -c "$*" 2>&1; do [ $(date +%s) -le $end ] || exit 1; sleep 0.5; done
""",
}
ROWS = Path(__file__).with_name("chroot-rows.txt")


@dataclass
class Head:
    """The server's side: does what the node asks for, one after the other."""

    apps: ChrootPlaces
    server: NfsServer
    packages: list[Path]
    asked: queue.Queue[str] = field(default_factory=queue.Queue)
    faults: list[str] = field(default_factory=list)

    def sink(self, event: Event) -> None:
        if isinstance(event, Output) and "CHROOT ask " in event.line:
            self.asked.put(event.line.split("CHROOT ask ")[1].strip())

    def work(self) -> None:
        while name := self.asked.get():
            try:
                getattr(self, name.replace("-", "_"))()
            except Exception as error:  # noqa: BLE001 - told by the test, in its own thread
                self.faults.append(f"{name}: {error}")
            (self.apps.root / "signals" / name).touch()

    @property
    def row(self) -> Path:
        return self.apps.tree / "usr/share/row"

    def new(self) -> None:
        (self.row / "new").write_text("new\n")

    def late(self) -> None:
        (self.row / "late").write_text("late\n")
        program = self.apps.tree / "usr/bin/row-late"
        program.write_text("#!/bin/sh\necho ran\n")
        program.chmod(0o755)

    def renamed(self) -> None:
        (self.row / "renamed.new").write_text("a newer and longer text\n")
        (self.row / "renamed.new").replace(self.row / "renamed")

    def rewritten(self) -> None:
        (self.row / "rewritten").write_text("rewritten\n")

    def deleted(self) -> None:
        (self.row / "deleted").unlink()

    def folder(self) -> None:
        (self.row / "folder").rename(self.row / "moved")
        (self.row / "folder").mkdir()
        (self.row / "folder/file").write_text("again\n")

    def _apt(self, words: str) -> None:
        command = f"apt-get --quiet --yes {words}"
        enter_chroot(self.apps, command, terminal="dumb", sink=ignore)

    def install(self) -> None:
        self._apt(f"install /root/{self.packages[0].name}")

    def upgrade(self) -> None:
        self._apt(f"install /root/{self.packages[1].name}")

    def reinstall(self) -> None:
        self._apt(f"install --reinstall /root/{self.packages[1].name}")

    def remove(self) -> None:
        self._apt("remove row")

    def freeze(self) -> None:
        self.server.freeze()

    def thaw(self) -> None:
        self.server.thaw()

    def state_two(self) -> None:
        # In place: a hard link to the tree would change the generation.
        (self.row / "state").write_text("two\n")

    def commit(self) -> None:
        commit_chroot(self.apps, keep=3, now=2, dry_run=False, sink=ignore)


@pytest.fixture(scope="module")
def root() -> SmallRoot:
    return small_root(*PACKAGES)


@pytest.fixture
def chroots(tmp_path: Path) -> Path:
    place = tmp_path / "chroots"
    apps = small_chroot(place, "apps")
    (apps.root / "signals").mkdir()
    row = apps.tree / "usr/share/row"
    (row / "folder").mkdir(parents=True)
    texts = {"renamed": "old", "rewritten": "x", "deleted": "there", "folder/file": "first", "state": "one"}
    for name, text in texts.items():
        (row / name).write_text(f"{text}\n")
    (row / "private").write_text("secret\n")
    (row / "private").chmod(0o600)
    program = apps.tree / "usr/bin/row-setuid"
    program.write_bytes((apps.tree / "usr/bin/id").read_bytes())
    program.chmod(0o4755)
    (apps.tree / "etc/dpkg/row").write_text("not for nodes\n")
    with (apps.tree / "etc/passwd").open("a") as stream:
        stream.write("row-account:x:999:999::/:/bin/sh\n")
    (apps.tree / "etc/row-before").write_text("before\n")
    (apps.tree / "opt/row").mkdir(parents=True)
    (apps.tree / "opt/row/bin").write_text("#!/bin/sh\necho opt\n")
    (apps.tree / "opt/row/bin").chmod(0o755)
    commit_chroot(apps, keep=3, now=1, dry_run=False, sink=ignore)
    other = place / "other/tree/usr/lib"
    other.mkdir(parents=True)
    (other / "os-release").write_text('ID=debian\nVERSION_ID="13"\n')
    return place


def test_a_node_sees_what_happens_in_its_chroot(root: SmallRoot, chroots: Path, tmp_path: Path) -> None:
    apps = ChrootPlaces(chroots / "apps")
    bin_ = apps.tree / "usr/bin"
    packages = [
        make_package(tmp_path, "1", program=bin_ / "sleep"),
        make_package(tmp_path, "2", program=bin_ / "echo"),
    ]
    for package in packages:
        (apps.tree / "root" / package.name).write_bytes(package.read_bytes())
    with nfs_server(chroots, tmp_path / "nfs") as server:
        told = {"server": "10.0.2.2", "path": "/chroots/apps", "options": f"port={server.port}"}
        confs = {
            "etc/modpkg/chroot.conf": chroot_conf(Chroot(**told)),
            "usr/share/generation.conf": chroot_conf(Chroot(**told, mode="generation")),
        }
        helpers = {f"usr/local/bin/{name}": text for name, text in HELPERS.items()}
        image = node_image("chroot", root, tmp_path / "image", confs | helpers, read_rows(ROWS))
        head = Head(apps, server, packages)
        thread = threading.Thread(target=head.work)
        thread.start()
        try:
            report = boot_image(
                image,
                options=BootOptions(memory_mb=1024, timeout_seconds=900),
                work=tmp_path / "work",
                sink=head.sink,
            )
        finally:
            head.asked.put("")
            thread.join()
    assert head.faults == []
    assert [(result.name, result.output, result.reason) for result in report.tests if not result.ok] == []
    assert report.failed_units == ()
    for path in (chroots / "apps/tree/usr/local").rglob("*"):
        assert path.name not in {"own", "mine"}
