"""A node in QEMU that joins a chroot over real NFS: all that may happen to it on the server, in one boot."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from modpkg.events import Event, Output, ignore
from modpkg.host.files import receipt_of
from modpkg.host.run import run
from modpkg.initramfs.build import build_initrd
from modpkg.initramfs.files import Directory
from modpkg.model.chroot import ChrootPlaces
from modpkg.model.cluster import Chroot
from modpkg.model.image import Image, ImageDirectory, ImageFile
from modpkg.model.module import ModuleTest
from modpkg.node.boot import BootOptions, boot_image
from modpkg.node.chroot import chroot_conf
from modpkg.pipeline.commit_chroot import commit_chroot
from modpkg.pipeline.enter_chroot import enter_chroot
from tests.support.little_node import PACKAGES
from tests.support.nfs_server import NfsServer, nfs_server
from tests.support.small_chroot import make_package, small_chroot
from tests.support.small_root import SmallRoot, small_root

pytestmark = [pytest.mark.boot, pytest.mark.programs, pytest.mark.network]

MODULE = Path(__file__).parents[2] / "recipes/modules/chroot"
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
UNIT = "modpkg-chroot.service"
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


def _rows() -> tuple[ModuleTest, ...]:
    def row(text: str) -> ModuleTest:
        commands, _, words = text.rpartition("\n-- ")
        name, _, commands = commands.partition("\n")
        return ModuleTest(name=name, run=commands, stdout=words.strip())

    return tuple(map(row, ROWS.read_text().split("\n== ")[1:]))


def _write(tree: Path, files: dict[str, str], *, mode: int = 0o644) -> None:
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(mode)


def _image(root: SmallRoot, directory: Path, confs: dict[str, str]) -> Path:
    """Make an image of the small root with the module's own files."""
    directory.mkdir()
    tree = directory / "tree"
    run(["cp", "--archive", "--link", root.tree, tree])
    _write(tree, confs)
    _write(tree, {f"usr/local/bin/{name}": text for name, text in HELPERS.items()}, mode=0o755)
    _write(tree, {"usr/lib/modpkg/chroot": (MODULE / "chroot.sh").read_text()}, mode=0o755)
    _write(tree, {f"etc/systemd/system/{UNIT}": (MODULE / UNIT).read_text()})
    (tree / f"etc/systemd/system/multi-user.target.wants/{UNIT}").symlink_to(f"../{UNIT}")
    run(
        [
            *("mksquashfs", tree, directory / "root.squashfs", "-comp", "zstd", "-Xcompression-level", "1"),
            *("-no-progress", "-quiet", "-no-xattrs", "-wildcards", "-e", "boot/*", "usr/share/doc/*"),
            *("usr/share/man/*", "usr/share/locale/*", "var/cache/apt/*", "var/lib/apt/*"),
        ]
    )
    build_initrd(Directory(root.tree), kernel=root.kernel, modules=(), destination=directory / "initrd")
    (directory / "vmlinuz").write_bytes(root.vmlinuz.read_bytes())
    receipts = {name: receipt_of(directory / name) for name in ("vmlinuz", "initrd", "root.squashfs")}
    about = ImageDirectory(
        name="small",
        image=Image(version="1.0.0-1.bcdfghjklm", platform="bookworm", architecture="amd64", modules=()),
        kernel=root.kernel,
        kernel_arguments=(),
        files={name: ImageFile(size=r.size, sha256=r.sha256) for name, r in receipts.items()},
        waits_for_site=(),
        tests={"chroot": _rows()},
    )
    (directory / "image.json").write_text(about.model_dump_json())
    return directory


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
        image = _image(root, tmp_path / "image", confs)
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
