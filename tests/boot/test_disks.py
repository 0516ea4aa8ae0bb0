"""Disks of a virtual machine: made, found again, refused, wiped as granted, degraded, replaced."""

from __future__ import annotations

import hashlib
import threading
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from modpkg.host.run import run
from modpkg.node.granter import handler_of
from modpkg.node.grants import Grants
from tests.support.disk_bench import DiskBench
from tests.support.disk_root import disk_root

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    match: {serial: "DISKC*", min-size: 600MiB, rotational: true}
    partitions: [{name: pv, size: rest}]
raid:
  var: {level: 1, members: [a.md0, b.md0]}
volume-groups:
  data:
    members: [c.pv]
    volumes: [{name: scratch, size: 320MiB}, {name: home, size: rest}]
filesystems:
  - {device: var, format: ext4, mount: /var}
  - {device: a.swap, format: swap}
  - {device: data.scratch, format: xfs, mount: /scratch, options: noatime}
  - {device: data.home, format: ext4, mount: /home/users}
"""
CHECKS = """\
for mark in /var/lib/from-image /var/mark /scratch/mark; do
    [ -e "/newroot$mark" ] && echo "RESULT file $mark $(cat "/newroot$mark")"
done
echo kept >>/newroot/var/mark
[ -e /newroot/scratch ] && echo kept >>/newroot/scratch/mark
rm -f /newroot/var/lib/from-image
# What a node with host-keys: disk does next.
(. /lib/modpkg/settings.sh && disk_keys must)
[ -d /newroot/var/log/journal ] && grep -q ' /newroot/var ' /proc/mounts && echo RESULT journal
sed 's/^HostKey/RESULT key/' /newroot/etc/ssh/sshd_config.d/modpkg-host-keys.conf
umount /newroot/scratch /newroot/home/users /newroot/var
"""
LEVEL_DISKS = "abcd"


@pytest.fixture
def bench(root: SmallRoot, initrd: Path, tmp_path: Path) -> DiskBench:
    return DiskBench(
        directory=tmp_path,
        kernel=root.vmlinuz,
        initrd=initrd,
        image=disk_root(root),
        document=DOCUMENT,
        checks=CHECKS,
    )


@contextmanager
def granting(grants: Grants) -> Iterator[str]:
    """Run the head's part, and give its address as the machine sees it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(grants))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://10.0.2.2:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def precious(path: Path) -> str:
    """Make a disk foreign, and give its digest."""
    run(["mkfs.ext4", "-q", "-F", "-L", "precious", path])
    return digest(path)


def test_disks_are_made_kept_replaced_refused_and_wiped_as_granted(bench: DiskBench) -> None:
    a, b, c = (bench.disk(name) for name in "abc")
    bench.boot(DISKA1=a, DISKB1=b, DISKC1=c)
    bench.expect("disk a is new", "array var is new", "group data is new", "volume data.home is new")
    bench.expect("RESULT md0 raid1 0", "RESULT mounted /var ext4", "RESULT mounted /home/users ext4")
    bench.expect("RESULT mounted /scratch xfs rw,noatime", "RESULT swaps 1")
    bench.expect("RESULT file /var/lib/from-image of-the-image")
    bench.expect("RESULT journal", "RESULT key /var/lib/modpkg/ssh/etc/ssh/ssh_host_ed25519_key")

    again = bench.boot(DISKA1=a, DISKB1=b, DISKC1=c)
    assert " is new" not in again
    # Files are those of the first boot, and what it removed is not copied again.
    bench.expect("RESULT md0 raid1 0", "RESULT file /var/mark kept", "RESULT file /scratch/mark kept")
    assert "from-image" not in again

    # A blank disk in the place of one of the mirror, a foreign one in the place of another.
    bench.document = DOCUMENT.replace("name: scratch\n", "name: scratch\nforeign: go-on\n", 1)
    stranger = bench.disk("stranger")
    before = precious(stranger)
    bench.boot(DISKA1=a, DISKB2=bench.disk("b2"), DISKC9=stranger)
    bench.expect(
        "the disk b is new", "the array var is rebuilt", "RESULT md0 raid1 0", "/scratch is not there"
    )
    bench.expect("refused the disk c is foreign: /dev/vdd (serial DISKC9) holds LABEL=precious")
    bench.expect("RESULT file /var/mark kept")
    assert digest(stranger) == before

    # Another layout, and a grant: the disk a is made anew from the other half of its mirror.
    bench.document = DOCUMENT.replace("64MiB", "65MiB")
    grants = Grants(bench.directory / "grants")
    bench.grant = grants.give("beo-01", ("a", "c"))
    with granting(grants) as bench.head:
        bench.boot(DISKA1=a, DISKB2=bench.disk("b2"), DISKC9=stranger)
        bench.expect("note this boot may wipe a c", "the array var is rebuilt", "RESULT md0 raid1 0")
        bench.expect("the disk a is wiped, as granted: /dev/vdb (serial DISKA1) held")
        bench.expect("the disk c is wiped, as granted: /dev/vdd (serial DISKC9) held LABEL=precious")
        bench.expect("RESULT file /var/mark kept", "RESULT mounted /scratch xfs")

        # The same script once more: the grant was for one boot.
        before = precious(bench.disk("other"))
        over = bench.boot(DISKA1=a, DISKB2=bench.disk("b2"), DISKC8=bench.disk("other"))
    bench.expect("the grant to wipe is not given to this boot", "disks failed the disk c is foreign")
    assert "RESULT mounted" not in over
    assert digest(bench.disk("other")) == before


def levels_document() -> str:
    disks = "".join(
        f"  {name}:\n"
        # The machine's second disk sits in the slot after that of the image.
        f"    match: {{path: '*/0000:00:0{place}.0/*'}}\n"
        f"    partitions: [{', '.join(f'{{name: p{level}, size: 64MiB}}' for level in (0, 5, 6, 10))}]\n"
        for place, name in enumerate(LEVEL_DISKS, start=4)
    )
    raids = "".join(
        f"  r{level}: {{level: {level}, members: [{', '.join(f'{name}.p{level}' for name in LEVEL_DISKS)}]}}\n"
        for level in (0, 5, 6, 10)
    )
    systems = "".join(f"  - {{device: r{n}, format: ext4, mount: /r{n}}}\n" for n in (0, 5, 6, 10))
    return f"name: levels\nforeign: go-on\ndisks:\n{disks}raid:\n{raids}filesystems:\n{systems}"


def test_all_levels_of_raid_are_made_and_run_with_a_disk_less(bench: DiskBench) -> None:
    unmount = "for n in 0 5 6 10; do umount /newroot/r$n; done\n"
    bench.document = levels_document()
    bench.checks = f"for n in 5 6 10; do echo x >/newroot/r$n/mark; done\n{unmount}"
    disks = {f"DISK{name}": bench.disk(name, 300) for name in LEVEL_DISKS}
    bench.boot(**disks)
    bench.expect("RESULT md1 raid5 0", "RESULT md2 raid6 0", "RESULT md3 raid10 0")
    bench.expect(*(f"RESULT mounted /r{n} ext4" for n in (0, 5, 6, 10)))

    bench.checks = f"for n in 5 6 10; do echo RESULT mark $(cat /newroot/r$n/mark); done\n{unmount}"
    del disks["DISKd"]
    less = bench.boot(**disks)
    bench.expect("refused the array r0 cannot be assembled; it lacks d.p0")
    for number, level in ((1, 5), (2, 6), (3, 10)):
        bench.expect(
            f"the array r{level} is degraded: it lacks d.p{level}", f"RESULT md{number} raid{level} 1"
        )
    assert less.count("RESULT mark x") == 3
    assert "RESULT mounted /r0 " not in less

    # It comes back, and has fallen behind the others.
    disks["DISKd"] = bench.disk("d")
    back = bench.boot(**disks)
    for number, level in ((1, 5), (2, 6), (3, 10)):
        bench.expect(f"the array r{level} is rebuilt: /dev/vde", f"RESULT md{number} raid{level} 0")
    bench.expect("RESULT mounted /r0 ext4")
    assert back.count("RESULT mark x") == 3
