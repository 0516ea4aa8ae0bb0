"""Three disks of a virtual machine: made, found again, refused, degraded, replaced. No image, no systemd."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from modpkg.formats.documents import examine
from modpkg.host.run import run
from modpkg.initramfs import cpio
from modpkg.initramfs.build import build_initrd
from modpkg.initramfs.files import Directory
from modpkg.model.disks import Disks
from modpkg.node.disk_plan import plan_disks, shell_text
from modpkg.node.machine import Machine
from tests.support.disk_root import disk_root

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.small_root import SmallRoot

pytestmark = [pytest.mark.boot, pytest.mark.programs, pytest.mark.network]
DOCUMENT = """\
name: scratch
disks:
  a:
    match: {serial: "DISKA*"}
    partitions: [{name: md0, size: 300MiB}, {name: swap, size: 64MiB}]
  b:
    match: {serial: "DISKB*"}
    partitions: [{name: md0, size: 300MiB}]
  c:
    match: {serial: "DISKC*"}
    partitions: [{name: data, size: rest}]
raid:
  var: {level: 1, members: [a.md0, b.md0]}
filesystems:
  - {device: var, format: ext4, mount: /var}
  - {device: a.swap, format: swap}
  - {device: c.data, format: xfs, mount: /scratch, options: noatime}
"""
# The stages themselves; in the place of network and image a server on the loopback and a small root.
INIT = """\
#!/bin/busybox sh
export PATH=/bin
/bin/busybox mount -t proc proc /proc
read -r MODPKG_ARGUMENTS </proc/cmdline
export MODPKG_ARGUMENTS
. /lib/modpkg/library.sh
for stage in mounts modules; do run_stage "$stage"; done
ip link set lo up
httpd -p 127.0.0.1:80 -h /plan
mount -t tmpfs tmpfs /newroot
mkdir -p /newroot/var/lib
echo of-the-image >/newroot/var/lib/from-image
run_stage disks
[ -e /sys/block/md0 ] && /usr/sbin/mdadm --wait /dev/md0
echo "RESULT array $(cat /sys/block/md0/md/level) $(cat /sys/block/md0/md/degraded)"
echo "RESULT var $(grep -c ' /newroot/var ext4 ' /proc/mounts) $(cat /newroot/var/lib/from-image /newroot/var/mark)"
echo "RESULT scratch $(grep -c ' /newroot/scratch xfs .*noatime' /proc/mounts) $(cat /newroot/scratch/mark)"
echo "RESULT swap $(grep -c /dev/ /proc/swaps)"
echo "kept-$(cat /proc/sys/kernel/random/boot_id)" >>/newroot/var/mark
echo kept >>/newroot/scratch/mark
rm -f /newroot/var/lib/from-image
umount /newroot/scratch /newroot/var
sync
poweroff -f
sleep 60
"""


@dataclass
class Bench:
    """A machine without disks of its own: each boot says which files are its disks."""

    directory: Path
    kernel: Path
    initrd: Path
    document: str = DOCUMENT
    boots: int = field(default=0)

    def disk(self, name: str) -> Path:
        path = self.directory / f"{name}.img"
        with path.open("wb") as stream:
            stream.truncate(400 << 20)
        return path

    def boot(self, **disks: Path) -> str:
        """Boot with disks by their serial numbers and give the console's lines of interest."""
        self.boots += 1
        plan = self.plan()
        digest = hashlib.sha256(plan.encode()).hexdigest()
        members = [cpio.file("init", INIT.encode(), mode=0o755), cpio.file("plan/plan.sh", plan.encode())]
        initrd = self.directory / "initrd"
        extra = cpio.archive(cpio.with_parents(members))
        initrd.write_bytes(self.initrd.read_bytes() + extra)
        machine = Machine(
            architecture="amd64",
            memory_mb=512,
            cpus=1,
            accel="tcg",
            kernel=self.kernel,
            initrd=initrd,
            arguments=[
                *("console=ttyS0", "panic=-1", "random.trust_cpu=on", "quiet", "modpkg.retry=0"),
                *("modpkg.disks=http://127.0.0.1/plan.sh", f"modpkg.disks-sha256={digest}"),
            ],
            console=self.directory / "console",
            answers=self.directory / "answers",
        )
        drives = [
            word
            for serial, path in disks.items()
            for word in (
                *("-drive", f"file={path},if=none,id={serial},format=raw,cache=unsafe"),
                *("-device", f"virtio-blk-pci,drive={serial},serial={serial}"),
            )
        ]
        text = run(["timeout", "-k", "2", "240", *machine.command(), *drives], check=False).stdout
        wanted = ("modpkg: ", "RESULT ")
        return "\n".join(line.strip() for line in text.splitlines() if line.startswith(wanted))

    def plan(self) -> str:
        path = self.directory / "scratch.yaml"
        path.write_text(self.document)
        document = examine(path, Disks).document
        assert document is not None
        return shell_text(plan_disks(document, cluster="beo", node="beo-01"))


@pytest.fixture(scope="session")
def disk_initrd(root: SmallRoot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("initrd") / "initrd"
    return build_initrd(Directory(disk_root(root)), kernel=root.kernel, modules=(), destination=path).path


@pytest.fixture
def bench(root: SmallRoot, disk_initrd: Path, tmp_path: Path) -> Bench:
    return Bench(directory=tmp_path, kernel=root.vmlinuz, initrd=disk_initrd)


def test_disks_are_made_kept_refused_run_degraded_and_rebuilt(bench: Bench) -> None:
    a, b, c = (bench.disk(name) for name in "abc")
    made = bench.boot(DISKA1=a, DISKB1=b, DISKC1=c)
    assert "disk a is new" in made
    assert "array var is new" in made
    assert "RESULT array raid1 0" in made
    assert "RESULT var 1 of-the-image" in made
    assert "RESULT scratch 1" in made
    assert "RESULT swap 1" in made

    again = bench.boot(DISKA1=a, DISKB1=b, DISKC1=c)
    assert " is new" not in again
    assert "RESULT array raid1 0" in again
    # Files are those of the first boot, and what it removed is not copied again.
    assert "RESULT var 1 kept-" in again
    assert "RESULT scratch 1 kept" in again

    degraded = bench.boot(DISKA1=a, DISKC1=c)
    assert "the disk b is missing" in degraded
    assert "the array var is degraded: it lacks b.md0" in degraded
    assert "RESULT array raid1 1" in degraded
    assert "RESULT var 1 kept-" in degraded

    rebuilt = bench.boot(DISKA1=a, DISKB2=bench.disk("b2"), DISKC1=c)
    assert "the disk b is new" in rebuilt
    assert "the array var is rebuilt" in rebuilt
    assert "RESULT array raid1 0" in rebuilt

    bench.document = DOCUMENT.replace("64MiB", "65MiB")
    changed = bench.boot(DISKA1=a, DISKC1=c)
    assert "disks failed" in changed
    assert "is the disk a, but its layout is another than the document's" in changed
    assert "RESULT" not in changed


def test_a_foreign_disk_is_refused_by_name_and_nothing_is_written(bench: Bench) -> None:
    a, b, c = (bench.disk(name) for name in "abc")
    run(["mkfs.ext4", "-q", "-F", "-L", "precious", c])
    before = hashlib.sha256(c.read_bytes()).hexdigest()
    refused = bench.boot(DISKA1=a, DISKB1=b, DISKC1=c)
    assert "disks failed" in refused
    assert "the disk c is foreign: /dev/vdc (serial DISKC1) holds LABEL=precious" in refused
    assert hashlib.sha256(c.read_bytes()).hexdigest() == before
    assert not a.read_bytes().strip(b"\0")

    bench.document = DOCUMENT.replace("name: scratch\n", "name: scratch\nforeign: go-on\n")
    went_on = bench.boot(DISKA1=a, DISKB1=b, DISKC1=c)
    assert "disks refused the disk c is foreign" in went_on
    assert "RESULT var 1 of-the-image" in went_on
    assert "RESULT scratch 0" in went_on
    assert hashlib.sha256(c.read_bytes()).hexdigest() == before
