"""What a node is told about the chroot that it joins. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from modpkg.model.cluster import Chroot

# The module `chroot` reads it; one that a site puts below /etc/modpkg wins.
CHROOT_CONF: Final = "/run/modpkg/chroot.conf"


def chroot_conf(chroot: Chroot) -> str:
    """Give the text of `CHROOT_CONF`: KEY=value lines, values as they are, without quotes."""
    values = {"SERVER": chroot.server, "PATH": chroot.path, "MODE": chroot.mode, "OPTIONS": chroot.options}
    return "".join(f"{key}={value}\n" for key, value in values.items() if value)
