"""A machine whose initrd runs the stage of disks over an image with the tools: no network boot, no systemd."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.formats.documents import examine
from modpkg.host.run import run
from modpkg.initramfs import cpio
from modpkg.model.disks import Disks
from modpkg.node.disk_plan import plan_disks
from modpkg.node.disk_script import shell_text
from modpkg.node.machine import Machine

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.grant import Grant

MIB = 1 << 20
# The stages themselves. In the place of a head there is a server on the loopback, in that of an image in memory one on
# a read-only disk.
BEGIN = """\
#!/bin/busybox sh
export PATH=/bin
/bin/busybox mount -t proc proc /proc
read -r MODPKG_ARGUMENTS </proc/cmdline
export MODPKG_ARGUMENTS
. /lib/modpkg/library.sh
for stage in mounts modules; do run_stage "$stage"; done
ip link set lo up
ip link set eth0 up
ip address add 10.0.2.15/24 dev eth0
httpd -p 127.0.0.1:80 -h /plan
for disk in /sys/block/vd*; do
    [ "$(cat "$disk/serial")" = ROOT ] && root=/dev/${disk##*/}
done
mkdir -p /lower
mount -t squashfs -o ro "$root" /lower
mkdir /run/changes
mount -t tmpfs tmpfs /run/changes
mkdir /run/changes/upper /run/changes/work
mount -t overlay -o lowerdir=/lower,upperdir=/run/changes/upper,workdir=/run/changes/work overlay /newroot
mkdir -p /newroot/var/lib
echo of-the-image >/newroot/var/lib/from-image
# Core's recipe leaves it out.
rm -rf /newroot/var/log/journal
run_stage disks
for array in /sys/block/md*; do
    [ -e "$array/md" ] || continue
    while ! grep -qx idle "$array/md/sync_action" 2>/dev/null && [ -e "$array/md/sync_action" ]; do usleep 200000; done
    [ -e "$array/md/degraded" ] && echo "RESULT ${array##*/} $(cat "$array/md/level") $(cat "$array/md/degraded")"
done
grep ' /newroot/' /proc/mounts | while read -r device place kind options _; do
    echo "RESULT mounted ${place#/newroot} $kind $options $device"
done
echo "RESULT swaps $(grep -c /dev/ /proc/swaps)"
"""
END = """\
sync
poweroff -f
sleep 60
"""


@dataclass
class DiskBench:
    """A machine that is given other disks at each boot. `checks` is shell that runs once the disks are mounted."""

    directory: Path
    kernel: Path
    initrd: Path
    image: Path
    document: str
    checks: str = ""
    grant: Grant | None = None
    head: str = "http://127.0.0.1"
    console: str = ""

    def disk(self, name: str, size_mib: int = 700) -> Path:
        """Give a blank disk, or that of this name as it was left."""
        path = self.directory / f"{name}.img"
        if not path.exists():
            with path.open("wb") as stream:
                stream.truncate(size_mib * MIB)
        return path

    def boot(self, **disks: Path) -> str:
        """Boot with disks by their serial numbers and give the console's lines of interest."""
        text = run(["timeout", "-k", "2", "400", *self._command(disks)], check=False).stdout
        wanted = ("modpkg: ", "RESULT ")
        self.console = "\n".join(line.strip() for line in text.splitlines() if line.startswith(wanted))
        return self.console

    def expect(self, *texts: str) -> None:
        """Require texts on the console of the last boot; what is missing is told with all of it."""
        missing = [text for text in texts if text not in self.console]
        assert not missing, f"missing {missing} in:\n{self.console}"

    def _command(self, disks: dict[str, Path]) -> list[str]:
        plan = self._plan()
        digest = hashlib.sha256(plan.encode()).hexdigest()
        init = (BEGIN + self.checks + END).encode()
        members = [cpio.file("init", init, mode=0o755), cpio.file("plan/plan.sh", plan.encode())]
        initrd = self.directory / "initrd"
        initrd.write_bytes(self.initrd.read_bytes() + cpio.archive(cpio.with_parents(members)))
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
                "modpkg.disk-wait=1",
            ],
            console=self.directory / "console",
            answers=self.directory / "answers",
        )
        drives = [*_drive("ROOT", self.image, read_only=True)]
        for serial, path in disks.items():
            drives += _drive(serial, path)
        return [*machine.command(), *drives]

    def _plan(self) -> str:
        path = self.directory / "scratch.yaml"
        path.write_text(self.document)
        loaded = examine(path, Disks)
        assert loaded.document is not None, loaded.problems
        plan = plan_disks(loaded.document, cluster="beo", node="beo-01")
        return shell_text(plan, grant=self.grant, url=self.head)


def stage_seconds(console: str) -> float:
    """Give how long the stage of disks took in the guest."""
    times = {
        word: float(seconds) for seconds, word in re.findall(r"modpkg: (\S+) disks (start|end)", console)
    }
    return times["end"] - times["start"]


def _drive(serial: str, path: Path, *, read_only: bool = False) -> list[str]:
    options = f"file={path},if=none,id={serial},format=raw,cache=unsafe{',readonly=on' if read_only else ''}"
    return ["-drive", options, "-device", f"virtio-blk-pci,drive={serial},serial={serial}"]
