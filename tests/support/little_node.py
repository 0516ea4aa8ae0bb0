"""A node without a machine: the small root in namespaces, where the module's own script joins a tree of this disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from modpkg.host.run import run
from tests.support.small_root import small_root

SCRIPT = Path(__file__).parents[2] / "recipes/modules/chroot/chroot.sh"
# A kernel with NFS is not to be had everywhere: mount.nfs, which mount calls, binds a folder in its place.
MOUNT_NFS = '#!/bin/sh\nexec mount --bind "${1#*:}" "$2"\n'
ENTER = """\
set -eu
mount -t tmpfs node "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" node "$1/root"
cd "$1/root"
mount -t proc proc proc
mount --rbind /dev dev
for folder in run tmp; do mount -t tmpfs "$folder" "$folder"; done
mount --make-rshared run
mkdir -p srv/chroots usr/lib/modpkg etc/modpkg
mount --bind "$3" srv/chroots
cp "$4" usr/lib/modpkg/chroot
printf '%s' "$5" >usr/sbin/mount.nfs
chmod 755 usr/lib/modpkg/chroot usr/sbin/mount.nfs
printf '%s' "$6" >etc/modpkg/chroot.conf
printf 'passwd: files systemd\\ngroup: files systemd\\n' >etc/nsswitch.conf
exec chroot . /usr/bin/timeout -s KILL 120 /bin/sh -c "$7"
"""
PACKAGES = ("fuse3", "mergerfs", "nfs-common")
FLAGS = ("--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--propagation=private")


@dataclass(frozen=True)
class LittleNode:
    """Where it works, and the folder that it knows as /srv/chroots."""

    work: Path
    chroots: Path

    def run(self, conf: str, commands: str) -> list[str]:
        """Let a node that is told `conf` run commands, and give what they wrote, line by line."""
        tree = small_root(*PACKAGES).tree
        self.work.mkdir(exist_ok=True)
        words = [self.work, tree, self.chroots, SCRIPT, MOUNT_NFS, conf, commands]
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", *FLAGS, "sh", "-c", ENTER, "node", *words]
        done = run(command, env={"MODPKG_CHROOT_EVERY": "1"}, check=False)
        return (done.stdout + done.stderr).splitlines()
