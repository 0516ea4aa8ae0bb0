"""Takes the machine and the moment out of a tree: times, and attributes that only an overlay mount needs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from modpkg.rootfs.inventory import walk

if TYPE_CHECKING:
    from pathlib import Path

# Directories are shared by modules of different ages, so all of them have one time: 2000-01-01T00:00:00Z.
DIRECTORY_TIME: Final = 946684800
KEPT_ATTRIBUTES: Final = ("security.capability",)


def strip_attributes(tree: Path) -> None:
    """Remove all extended attributes but file capabilities.

    trusted.overlay.* and user.overlay.* would hide other modules' files, and squashfs has no place for
    system.posix_acl_*, which systemd-tmpfiles sets again on the node.
    """
    for path in (str(tree), *(entry.path for entry in walk(tree))):
        for name in os.listxattr(path, follow_symlinks=False):
            if name not in KEPT_ATTRIBUTES:
                os.removexattr(path, name, follow_symlinks=False)


def set_times(tree: Path, *, source_date_epoch: int) -> None:
    """Give every file the time `source_date_epoch`, every directory DIRECTORY_TIME, and the root mode 0755."""
    for entry in walk(tree):
        moment = DIRECTORY_TIME if entry.is_dir(follow_symlinks=False) else source_date_epoch
        os.utime(entry.path, (moment, moment), follow_symlinks=False)
    tree.chmod(0o755)
    os.utime(tree, (DIRECTORY_TIME, DIRECTORY_TIME))
