"""Sites for tests: documents and files below recipes/site, as parts, and modules that they lie on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modpkg.formats.documents import examine
from modpkg.formats.site import FOLDER, names_of, read_part
from modpkg.model.module import Module, State
from modpkg.model.site import SiteDocument
from tests.support.stack import lower, make_module, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.formats.site import SitePart

HASH = "$6$salt$" + "h" * 86
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f admin@head"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA other@head"
FILE = "0" * 64
STATE = State(
    lines={
        "etc/passwd": ("root:x:0:0:root:/root:/bin/sh", "munge:x:105:105::/nonexistent:/bin/false"),
        "etc/group": ("root:x:0:", "shadow:x:42:", "munge:x:105:"),
        "etc/shadow": ("munge:!:::::::", "root:*::0:99999:7:::"),
    }
)
PATHS = {
    "etc": "dir 0755 0 0",
    "etc/motd": f"file 0644 0 0 5 {FILE}",
    "etc/munge": "dir 0700 105 105",
    "etc/sudoers": f"file 0440 0 0 5 {FILE}",
    "etc/localtime": "symlink 0777 0 0 /usr/share/zoneinfo/Etc/UTC",
    "lib": "symlink 0777 0 0 usr/lib",
    "root": "dir 0700 0 0",
    "usr": "dir 0755 0 0",
    "usr/lib": "dir 0755 0 0",
    "usr/share": "dir 0755 0 0",
    "usr/share/zoneinfo": "dir 0755 0 0",
    "usr/share/zoneinfo/Europe": "dir 0755 0 0",
    "usr/share/zoneinfo/Europe/Berlin": f"file 0644 0 0 5 {FILE}",
}


def modules(**core: Any) -> tuple[Module, ...]:
    """Give a core with accounts and some paths, and a kernel."""
    made = make_module("core", **{"state": STATE, "paths": PATHS, **core})
    return made, make_module("kernel", kernel="6.1.0", depends=(lower(made),))


def write_site(recipes: Path, files: dict[str, str]) -> None:
    """Write files below recipes/site."""
    write_files(recipes / FOLDER, files)


def parts(recipes: Path, *names: str) -> tuple[SitePart, ...]:
    """Read what is below recipes/site, by these names or all of them; documents must have no faults."""
    found = []
    for name in names or names_of(recipes):
        path = recipes / FOLDER / f"{name}.yaml"
        loaded = examine(path, SiteDocument) if path.exists() else None
        assert loaded is None or loaded.problems == ()
        found.append(read_part(recipes, name, loaded.document if loaded else None))
    return tuple(found)
