"""The small root with the tools of disks laid over it, as a squashfs, made once and kept for later test runs."""

import hashlib
import shutil
from pathlib import Path

from modpkg.host.files import locked, new_directory
from modpkg.host.run import run
from tests.support.small_root import CACHE, LEFT_OUT, SmallRoot

PACKAGES = (
    *("mdadm", "fdisk", "e2fsprogs", "xfsprogs", "libfdisk1", "libext2fs2", "libcom-err2", "libss2"),
    *("libinih1", "liburcu8", "libdevmapper1.02.1", "libreadline8", "libtinfo6"),
    *("lvm2", "libdevmapper-event1.02.1", "libaio1", "libedit2", "libbsd0", "libmd0"),
)


def disk_root(small: SmallRoot) -> Path:
    """Give an image with kernel modules and the tools, from the cache or from the host's archive."""
    key = hashlib.sha256(repr((PACKAGES, LEFT_OUT, small.tree)).encode()).hexdigest()[:16]
    place = CACHE / f"disk-root-{key}"
    with locked(CACHE / "disk-root.lock"):
        if not place.exists():
            with new_directory(place) as scratch:
                _make(scratch, small)
    return place / "root.squashfs"


def _make(place: Path, small: SmallRoot) -> None:
    tree, debs = place / "tree", place / "debs"
    debs.mkdir()
    run(["cp", "-al", small.tree, tree])
    run(["apt-get", "download", "-o", "APT::Sandbox::User=root", *PACKAGES], cwd=debs)
    for deb in sorted(debs.iterdir()):
        # Through a folder of its own: /sbin of a package is a directory, that of the tree a link.
        unpacked = place / "unpacked"
        run(["dpkg-deb", "-x", deb, unpacked])
        for top in sorted(unpacked.iterdir()):
            run(["cp", "-a", "--remove-destination", f"{top}/.", (tree / top.name).resolve()])
        shutil.rmtree(unpacked)
    run(
        [
            *("mksquashfs", tree, place / "root.squashfs", "-comp", "zstd", "-Xcompression-level", "3"),
            *("-no-progress", "-quiet", "-no-xattrs", "-wildcards", "-e", *LEFT_OUT),
        ]
    )
    shutil.rmtree(tree)
    shutil.rmtree(debs)
