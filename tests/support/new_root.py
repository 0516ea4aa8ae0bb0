"""A directory that stands in for a node's new root, and plans that busybox runs there as the initrd does."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import modpkg.initramfs
from modpkg.host.run import run

SOURCE = Path(modpkg.initramfs.__file__).parent


@dataclass(frozen=True)
class NewRoot:
    """The root itself, the place that stands in for /run and /tmp, and the shell that changes both."""

    path: Path
    elsewhere: Path

    def run(self, text: str, *, mounts: str = "", check: bool = True) -> str:
        """Run calls of settings.sh; gives what they print, and the reason if they fail."""
        library = (SOURCE / "library.sh").read_text()
        functions = (SOURCE / "settings.sh").read_text().replace(". /lib/modpkg/library.sh", "")
        (self.elsewhere / "mounts").write_text(mounts)
        library = library.replace("=/tmp/", f"={self.elsewhere}/").replace("=/run/", f"={self.elsewhere}/")
        functions = functions.replace(" /tmp/", f" {self.elsewhere}/")
        functions = functions.replace("/proc/mounts", str(self.elsewhere / "mounts"))
        script = self.elsewhere / "plan"
        script.write_text(
            f"{library}\n{functions}\nnewroot={shlex.quote(str(self.path))}\n"
            f"say() {{ printf '%s\\n' \"$*\"; }}\n{text}\n"
        )
        done = run(["busybox", "sh", "-u", script], env={"MODPKG_ARGUMENTS": ""}, check=check)
        reason = self.elsewhere / "reason"
        return done.stdout + (reason.read_text() if reason.exists() else "")


def new_root(directory: Path) -> NewRoot:
    """Make an empty root with the directories that every image has."""
    root = NewRoot(directory / "new root", directory / "elsewhere")
    root.elsewhere.mkdir()
    for folder in (
        "etc/systemd/system",
        "etc/ssh",
        "usr/lib/systemd/system",
        "usr/share/zoneinfo/Europe",
        "root",
    ):
        (root.path / folder).mkdir(parents=True)
    return root
