"""An image of modules beside one root with the same packages: what is compared, and what may differ.

docs/explanation/state.md has the list of differences for people.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from modpkg.rootfs.inventory import inventory
from modpkg.rootfs.state.nsswitch import parse_services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

# Paths that are in one tree alone or differ, in any set of packages, and why that is as it should be.
ANY_INSTALLATION: Final = {
    r"(dev|run|var/cache|var/log)/.*": "made anew at each boot, or a trace of the installation",
    r"etc/rc[0-6S]\.d/.*": "start links of an init that no image has",
    r"var/lib/apt/.*|var/lib/dpkg/(lock|lock-frontend|triggers/Lock)": "the package manager's own working files",
    r"etc/(\.pwd\.lock|(passwd|group|shadow|gshadow)-)|var/lib/dpkg/[a-z]+-old": "locks, and databases as they were",
    r"(etc|var)/\.updated|usr/lib/modpkg(/.*)?|usr/share/doc/modpkg-image(/.*)?": "what an image says about itself",
}
# Databases with the same records, which are in the order of their installation there and sorted here.
DATABASES: Final[dict[str, Callable[[str], object]]] = {
    # The owners of files are compared by name: ids are the platform's here, and chance there.
    "etc/passwd": lambda text: sorted(
        re.sub(r"^([^:]+:x):\d+:\d+:", r"\1::", line) for line in text.split("\n")
    ),
    "etc/group": lambda text: sorted(re.sub(r"^([^:]+:x):\d+:", r"\1:", line) for line in text.split("\n")),
    "etc/gshadow": lambda text: sorted(text.split("\n")),
    # The day of the last change is the day of the build.
    "etc/shadow": lambda text: sorted(
        re.sub(r"^([^:]*:[^:]*):\d*:", r"\1::", line) for line in text.split("\n")
    ),
    "etc/shells": lambda text: sorted(line for line in text.split("\n") if not line.startswith("#")),
    "var/lib/shells.state": lambda text: sorted(text.split("\n")),
    "var/lib/dpkg/triggers/File": lambda text: sorted(text.split("\n")),
    "var/lib/dpkg/diversions": lambda text: sorted(re.findall(r".*\n.*\n.*\n", text)),
    # Comments are not kept.
    "etc/nsswitch.conf": parse_services,
    "usr/lib/os-release": lambda text: re.sub(r"IMAGE_VERSION=.*\n", "", text),
}


def named(tree: Path) -> dict[str, str]:
    """Describe a tree with the names of owners: their numbers are the platform's table in one, chance in the other."""
    users, groups = (names_of(tree / "etc" / table) for table in ("passwd", "group"))
    found = {}
    for path, line in inventory(tree).items():
        kind, mode, user, group, *rest = line.partition(" link=")[0].split(" ")
        found[path] = " ".join([kind, mode, users[user], groups[group], *rest])
    return found


def names_of(table: Path) -> dict[str, str]:
    lines = [line.split(":") for line in table.read_text().splitlines()]
    return {words[2]: words[0] for words in lines}


def unexpected(
    ours: Mapping[str, str],
    theirs: Mapping[str, str],
    differences: Iterable[str],
    *,
    databases: Iterable[str] = DATABASES,
) -> dict[str, tuple[str | None, str | None]]:
    """Give what differs, but databases and what one of the patterns matches: {path: (ours, theirs)}."""
    pattern = re.compile("|".join(f"(?:{one})" for one in differences))
    paths = sorted({path for path, _ in ours.items() ^ theirs.items()} - set(databases))
    return {path: (ours.get(path), theirs.get(path)) for path in paths if not pattern.fullmatch(path)}
