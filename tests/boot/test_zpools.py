"""Pools of ZFS in a virtual machine: made, found again, refused, degraded, rebuilt, wiped as granted.

It needs the module zfs in the store, which `invoke build-module zfs` builds: CI does not. Nine boots up to the
hand-over took 3 min 40 s of CPU, two up to multi-user another two.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from modpkg.formats.canonical import canonical_json
from modpkg.formats.documents import examine
from modpkg.model.cluster import Cluster, Dhcp
from modpkg.model.disks import Disks
from modpkg.model.inventory import Node, Nodes
from modpkg.model.module import ModuleTest
from modpkg.model.node import HeadImage
from modpkg.model.settings import Settings
from modpkg.node.boot import BootOptions, boot_image, read_image
from modpkg.node.disk_plan import plan_disks
from modpkg.node.disk_script import shell_text
from modpkg.node.grants import Grants
from modpkg.node.machine import Machine
from modpkg.node.serve import serving
from modpkg.node.settings_plan import HOSTS_NAME, Planner, digest_text, etc_hosts_text
from tests.boot.test_disks import digest, granting, precious
from tests.support.disk_bench import DiskBench
from tests.support.zfs_image import zfs_image

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.boot, pytest.mark.programs]
DISKS = "".join(
    f"  {name}: {{match: {{serial: 'DISK{name.upper()}*'}}, partitions: [{{name: z, size: 300MiB}}]}}\n"
    for name in "abc"
)
DOCUMENT = f"""\
name: pools
disks:
{DISKS}zpools:
  tank:
    vdevs: [{{type: raidz1, members: [a.z, b.z, c.z]}}]
    properties: {{ashift: "12"}}
    datasets:
      - {{name: var, mount: /var, properties: {{compression: lz4}}}}
      - {{name: work, mount: /var/work, properties: {{quota: 100M}}}}
"""
# What a node would do later: programs of the image, over its own root.
CHECKS = """\
for place in dev proc sys; do mount --bind "/$place" "/newroot/$place"; done
zpool() { chroot /newroot /usr/sbin/zpool "$@"; }
if [ -e /dev/zfs ] && zpool list tank >/dev/null 2>&1; then
    zpool wait -t resilver tank
    zpool scrub -w tank
    zpool status tank | sed 's/^/RESULT status /'
    echo "RESULT health $(zpool list -H -o health tank)"
    echo "RESULT quota $(chroot /newroot /usr/sbin/zfs get -H -o value quota tank/work)"
fi
for mark in /var/lib/from-image /var/mark /var/work/mark; do
    [ -e "/newroot$mark" ] && echo "RESULT file $mark $(cat "/newroot$mark")"
done
if grep -q ' /newroot/var/work zfs' /proc/mounts; then
    echo kept >>/newroot/var/mark
    echo kept >>/newroot/var/work/mark
    rm -f /newroot/var/lib/from-image
    umount /newroot/var/work /newroot/var
fi
"""
KEPT = """\
name: kept
disks:
  a: {match: {serial: 'DISKA*'}, partitions: [{name: z, size: rest}]}
zpools:
  tank:
    vdevs: [{type: stripe, members: [a.z]}]
    datasets: [{name: var, mount: /var}]
"""
QUESTIONS = {
    "keys": "ssh-keyscan 127.0.0.1 2>/dev/null | cut -d ' ' -f 2,3 | sort",
    "boots": "journalctl --list-boots --quiet | grep -c :",
    "pool": "findmnt -no SOURCE,FSTYPE /var; zpool status -x; systemctl is-system-running",
}


@pytest.fixture
def bench(tmp_path: Path) -> DiskBench:
    image = zfs_image(tmp_path / "images")
    return DiskBench(
        directory=tmp_path,
        kernel=image / "vmlinuz",
        initrd=image / "initrd",
        image=image / "root.squashfs",
        document=DOCUMENT,
        checks=CHECKS,
    )


def test_a_pool_is_made_kept_degraded_rebuilt_refused_and_wiped_as_granted(bench: DiskBench) -> None:
    a, b, c = (bench.disk(name, 400) for name in "abc")
    bench.boot(DISKA1=a, DISKB1=b, DISKC1=c)
    bench.expect("the pool tank is new: raidz1 a.z=", "the dataset tank/var is new")
    bench.expect("RESULT mounted /var zfs", "RESULT mounted /var/work zfs", "RESULT health ONLINE")
    bench.expect("RESULT file /var/lib/from-image of-the-image", "RESULT quota 100M")

    # In other slots, and with another quota.
    bench.document = DOCUMENT.replace("100M", "120M")
    again = bench.boot(DISKC1=c, DISKA1=a, DISKB1=b)
    assert " is new" not in again
    assert "from-image" not in again
    bench.expect("RESULT health ONLINE", "RESULT file /var/mark kept", "RESULT file /var/work/mark kept")
    bench.expect("the dataset tank/work has other properties now: quota=120M", "RESULT quota 120M")

    # A foreign disk in the place of one: by default nothing is touched, else the pool does without.
    stranger = bench.disk("stranger", 400)
    before = precious(stranger), digest(a)
    bench.boot(DISKA1=a, DISKB1=b, DISKC9=stranger)
    bench.expect("disks failed the disk c is foreign: /dev/vdd (serial DISKC9) holds LABEL=precious")
    assert before == (digest(stranger), digest(a))
    bench.document = DOCUMENT.replace("name: pools\n", "name: pools\nforeign: go-on\n", 1)
    bench.boot(DISKA1=a, DISKB1=b, DISKC9=stranger)
    bench.expect("refused the disk c is foreign", "note the pool tank is degraded: it lacks c.z")
    bench.expect("RESULT health DEGRADED", "RESULT file /var/mark kept")
    assert digest(stranger) == before[0]

    # A blank disk in its place, and then the old one once more.
    bench.boot(DISKA1=a, DISKB1=b, DISKC2=bench.disk("c2", 400))
    bench.expect(
        "the disk c is new", "the pool tank is rebuilt: /dev/vdd1 takes the place of one that is gone"
    )
    bench.expect("RESULT health ONLINE", "RESULT file /var/mark kept")
    bench.boot(DISKA1=a, DISKB1=b, DISKC1=c)
    bench.expect("the pool tank is rebuilt: /dev/vdd1", "RESULT health ONLINE", "RESULT file /var/mark kept")

    # Too few members: it is refused, and the node goes on.
    bench.boot(DISKA1=a)
    bench.expect("refused the pool tank cannot be imported; it lacks b.z c.z", "/var is not there")

    # Another layout is refused until it is granted.
    bench.document = DOCUMENT.replace("raidz1", "mirror")
    refused = bench.boot(DISKA1=a, DISKB1=b, DISKC1=c)
    bench.expect("disks failed /dev/vdb1, of the pool tank, holds LABEL=tank")
    assert "RESULT mounted" not in refused
    grants = Grants(bench.directory / "grants")
    bench.grant = grants.give("beo-01", ("a", "b", "c"))
    with granting(grants) as bench.head:
        bench.boot(DISKA1=a, DISKB1=b, DISKC1=c)
    bench.expect("of the pool tank, is wiped, as granted: it held", "the pool tank is new: mirror a.z=")
    bench.expect("RESULT health ONLINE", "RESULT file /var/lib/from-image of-the-image")


def test_keys_and_logs_stay_on_a_pool_from_one_whole_boot_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = shutil.copytree(zfs_image(tmp_path / "images"), tmp_path / "image")
    questions = tuple(ModuleTest(name=name, run=run) for name, run in QUESTIONS.items())
    about = read_image(image).model_copy(update={"tests": {"kept": questions}})
    (image / "image.json").write_text(canonical_json(about))
    disk = tmp_path / "disk"
    disk.touch()
    os.truncate(disk, 700 << 20)
    command = Machine.command
    drive = [
        "-drive",
        f"file={disk},if=none,id=d,format=raw",
        "-device",
        "virtio-blk-pci,drive=d,serial=DISKA1",
    ]
    monkeypatch.setattr(Machine, "command", lambda machine: [*command(machine), *drive])
    (tmp_path / "kept.yaml").write_text(KEPT)
    loaded = examine(tmp_path / "kept.yaml", Disks)
    assert loaded.document, loaded.problems
    disks = shell_text(plan_disks(loaded.document, cluster="test", node="n1")).encode()
    served: dict[str, Path | bytes] = {"disks.sh": disks}
    answers = []
    with serving(served) as head:
        dhcp = Dhcp(mode="full", interface="eth0", network="10.0.2.0/24")
        cluster = Cluster(name="test", address="10.0.2.2", port=head.port, dhcp=dhcp)
        said = Settings.model_validate({"host-keys": "disk"})
        node = Node(name="n1", macs=("52:54:00:12:34:56",), groups=(), address="10.0.2.15", settings=said)
        hosts = etc_hosts_text(Nodes(cluster=cluster, nodes={"n1": node}, disks={}))
        planner = Planner(cluster=cluster, hosts_sha256=digest_text(hosts))
        plan = planner.plan(node, HeadImage(directory="x", about=about), record="{}\n", host_key=None)
        served |= {"settings/n1.sh": plan.text.encode(), HOSTS_NAME: hosts.encode()}
        where = f"modpkg.disks=http://10.0.2.2:{head.port}/disks.sh"
        words = (*plan.arguments, where, f"modpkg.disks-sha256={hashlib.sha256(disks).hexdigest()}")
        for turn in ("first", "second"):
            work = tmp_path / turn
            work.mkdir()
            report = boot_image(image, options=BootOptions(timeout_seconds=900, arguments=words), work=work)
            assert report.failed_units == ()
            answers.append({result.name: result.output.strip() for result in report.tests})
    first, second = answers
    assert first["keys"].startswith("ecdsa-sha2-nistp256 ")
    assert second["keys"] == first["keys"]
    assert (first["boots"], second["boots"]) == ("1", "2")
    assert first["pool"] == second["pool"] == "tank/var zfs\nall pools are healthy\nrunning"
