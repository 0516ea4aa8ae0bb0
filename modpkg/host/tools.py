"""Which Debian package has a program, and where the program lies."""

from __future__ import annotations

import shutil
from typing import Final

from modpkg.errors import ModpkgError

SEARCH_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

PACKAGES: Final = {
    "apt-cache": "apt",
    "apt-get": "apt",
    "busybox": "busybox-static",
    "chroot": "coreutils",
    "createrepo_c": "createrepo-c",
    "depmod": "kmod",
    "diffoscope": "diffoscope-minimal",
    "dnf": "dnf",
    "dnsmasq": "dnsmasq-base",
    "dpkg": "dpkg",
    "dpkg-deb": "dpkg",
    "gpg": "gnupg",
    "gpg-connect-agent": "gpgconf",
    "gpgconf": "gpgconf",
    "gpgv": "gpgv",
    "lintian": "lintian",
    "mksquashfs": "squashfs-tools",
    "mmdebstrap": "mmdebstrap",
    "modinfo": "kmod",
    "modprobe": "kmod",
    "mount": "mount",
    "newuidmap": "uidmap",
    "objcopy": "binutils",
    "qemu-system-x86_64": "qemu-system-x86",
    "rpm": "rpm",
    "rpmkeys": "rpm",
    "rpmlint": "rpmlint",
    "rpmsign": "rpm",
    "sbsign": "sbsigntool",
    "setpriv": "util-linux",
    "unshare": "util-linux",
    "unsquashfs": "squashfs-tools",
    "zstd": "zstd",
}


def find(program: str) -> str | None:
    """Give the path of a program in the fixed search path, or None. A name with a slash is taken as it is."""
    return shutil.which(program, path=SEARCH_PATH)


def require(program: str) -> str:
    """Give the path of a program, or raise an error that names the package that has it."""
    path = find(program)
    if path is None:
        package = PACKAGES.get(program)
        hint = f"apt-get install {package}" if package else f"put {program} into one of {SEARCH_PATH}"
        raise ModpkgError(f"cannot find the program {program!r}", hint=hint)
    return path
