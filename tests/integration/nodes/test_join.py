"""The module's script joins a tree and tends it: with real mounts and mergerfs, in the namespaces of a little node."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from modpkg.host.run import run
from tests.support.little_node import PACKAGES, LittleNode
from tests.support.small_root import small_root

pytestmark = [pytest.mark.programs, pytest.mark.network]
LIVE = "SERVER=here\nPATH=/srv/chroots/apps\nMODE=live\n"
TRIES = 'tries() { n=0; until eval "$*"; do n=$((n + 1)); [ $n -lt 60 ] || return; $bb sleep 0.5; done; }'
START = f"""\
bb=/run/busybox; cp /usr/bin/busybox $bb
{TRIES}
/usr/lib/modpkg/chroot run >/run/log 2>&1 &
tries 'grep -q ^joined /run/log'
"""


@pytest.fixture
def node(tmp_path: Path) -> LittleNode:
    if os.geteuid() != 0 or not Path("/dev/fuse").exists():
        pytest.skip("a union over /usr needs root and FUSE")
    tree = tmp_path / "chroots/apps/tree"
    files = {
        "usr/lib/os-release": 'ID=debian\nVERSION_ID="12"\n',
        "usr/bin/row": "#!/bin/sh\necho row $1\n",
        "var/lib/dpkg/status": "",
        "etc/row/conf": "of the chroot\n",
        "etc/hostname": "of the server\n",
        "etc/ssh/ssh_host_key": "of the server\n",
        "etc/systemd/system/row.service": "\n",
        "opt/row/file": "opt\n",
    }
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    (tree / "usr/bin/row").chmod(0o755)
    return LittleNode(tmp_path / "node", tmp_path / "chroots")


def test_a_tree_is_joined_for_all_users_and_left(node: LittleNode) -> None:
    lines = node.run(
        LIVE,
        f"""{START}
row one
setpriv --reuid nobody --regid nogroup --clear-groups row two
findmnt -no OPTIONS /usr | grep -cE 'nosuid|nodev'
cat /etc/row/conf /opt/row/file
ls /etc/ssh/ssh_host_key /etc/systemd/system/row.service 2>&1 | grep -c 'No such'
grep -c 'of the server' /etc/hostname
tail -1 /run/log
/usr/lib/modpkg/chroot leave
row three
findmnt /usr /run/modpkg/chroot/nfs
tries '! $bb pgrep -f @mergerfs' && echo gone
""",
    )
    assert lines[:7] == ["row one", "row two", "0", "of the chroot", "opt", "2", "0"]
    assert "gone" in lines
    assert any("row: not found" in line for line in lines)
    assert not any("fuse" in line for line in lines)


def test_what_happens_to_tree_and_union_is_mended(node: LittleNode) -> None:
    lines = node.run(
        LIVE,
        f"""{START}
mv /srv/chroots/apps/tree /srv/chroots/apps/away
tries 'grep -q "does not answer" /run/log'
row away
ls /usr/bin/env
mv /srv/chroots/apps/away /srv/chroots/apps/tree
tries 'grep -q "answers again" /run/log'
tries 'row back'
kill -KILL $(pgrep -f ^@mergerfs)
$bb sleep 1
tries 'row killed 2>/dev/null'
echo changed >/srv/chroots/apps/tree/etc/row/new; echo x >/srv/chroots/apps/tree/var/lib/dpkg/status
tries 'cat /etc/row/new 2>/dev/null'
""",
    )
    assert [line for line in lines if line.startswith(("row ", "/usr", "changed"))] == [
        "/usr/bin/env",
        "row back",
        "row killed",
        "changed",
    ]
    assert any("row: not found" in line for line in lines)


def test_the_head_is_told_of_it_once(node: LittleNode) -> None:
    lines = node.run(
        LIVE,
        f"""mkdir /run/modpkg; echo 'echo "told $*" >>/run/told' >/run/modpkg/tell.sh
{START}
mv /srv/chroots/apps/tree /srv/chroots/apps/away
tries 'grep -q failed /run/told'
$bb sleep 3
mv /srv/chroots/apps/away /srv/chroots/apps/tree
tries '[ $(grep -c joined /run/told) -gt 1 ]'
cat /run/told
""",
    )
    joined = "told chroot end joined here:/srv/chroots/apps"
    assert [line for line in lines if line.startswith("told")] == [
        joined,
        "told chroot failed here does not answer",
        "told chroot failed here:/srv/chroots/apps has no usr",
        joined,
    ]


def test_generations_are_taken_by_a_reload_and_changes_of_the_node_go_along(node: LittleNode) -> None:
    if _kind(small_root(*PACKAGES).tree) == "overlay":
        pytest.skip("the kernel stacks no overlay on an overlay of an overlay")
    apps = node.chroots / "apps"
    for number in (1, 2):
        shutil.copytree(apps / "tree", apps / f"generations/{number}", symlinks=True)
        (apps / f"generations/{number}/usr/share").mkdir()
        (apps / f"generations/{number}/usr/share/state").write_text(f"generation {number}\n")
    (apps / "current").symlink_to("generations/1")
    lines = node.run(
        LIVE.replace("live", "generation"),
        f"""{START}
findmnt -no FSTYPE /usr
cat /usr/share/state
echo mine >/usr/share/mine; rm /usr/bin/row
ln -sfn generations/2 /srv/chroots/apps/current
cat /usr/share/state
/usr/lib/modpkg/chroot reload
cat /usr/share/state /usr/share/mine
row gone
rm -r /srv/chroots/apps/generations/2; ln -sfn generations/1 /srv/chroots/apps/current
tries 'grep -q "answers again" /run/log' && tries 'grep -x "generation 1" /usr/share/state'
/usr/lib/modpkg/chroot leave
findmnt /usr
ls /usr/share/state
""",
    )
    assert [line for line in lines if line.startswith(("overlay", "generation", "mine"))] == [
        "overlay",
        "generation 1",
        "generation 1",
        "generation 2",
        "mine",
        "generation 1",
    ]
    assert any("row: not found" in line for line in lines)
    assert any("'/usr/share/state': No such file" in line for line in lines)


def _kind(path: Path) -> str:
    return run(["stat", "--file-system", "--format=%T", path]).stdout.strip().removesuffix("fs")


@pytest.mark.parametrize(
    ("conf", "fault"),
    [
        ("SERVER=here\n", "has no PATH="),
        ("PATH=/x\n", "has no SERVER="),
        ("SERVER=here\nPATH=/x\nMODE=dead\n", "has MODE=dead: live or generation is known"),
        ("SERVER=here\nPATH=/x\nSREVER=x\n", "has the unknown key SREVER"),
        ("SERVER=here\nPATH=/nowhere\n", "cannot mount here:/nowhere"),
        ("SERVER=here\nPATH=/srv\n", "has no usr"),
        (LIVE.replace("live", "generation"), "has no generation: modpkg chroot-commit makes one"),
    ],
)
def test_what_cannot_be_joined_is_told_in_a_line(node: LittleNode, conf: str, fault: str) -> None:
    lines = node.run(conf, "/usr/lib/modpkg/chroot run; echo status $?; findmnt /usr")
    assert lines[0] == "status 1"
    assert fault in lines[-1]


def test_another_release_is_refused_for_good_and_leaves_nothing(node: LittleNode) -> None:
    release = node.chroots / "apps/tree/usr/lib/os-release"
    release.write_text("VERSION_ID=13\nID=debian\n")
    lines = node.run(LIVE, "/usr/lib/modpkg/chroot run; echo status $?; findmnt /run/modpkg/chroot/nfs")
    assert lines == [
        "status 78",
        "cannot join the chroot: it is of release 'debian 13', this image of 'debian 12'",
    ]
