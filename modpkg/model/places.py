"""Places of a node that its image, the kernel or the head fills: documents about nodes put nothing there. Pure."""

from __future__ import annotations

from typing import Final

# Each with all below it: the kernel's, modpkg's own, the site's share.
CLOSED: Final = ("/dev", "/proc", "/run/modpkg", "/srv/common", "/sys")
# Over these nothing is mounted; below them something may be.
SYSTEM: Final = ("/", "/bin", "/boot", "/etc", "/lib", "/lib64", "/run", "/sbin", "/usr")


def closed_place(path: str) -> str | None:
    """Give the closed directory that an absolute path is, or lies below; None for none."""
    return next((place for place in CLOSED if f"{path}/".startswith(f"{place}/")), None)


def is_mount_point(path: str) -> bool:
    """Tell whether something may be mounted at an absolute path."""
    return path not in SYSTEM and closed_place(path) is None
