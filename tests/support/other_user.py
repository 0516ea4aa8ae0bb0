"""Runs programs of this checkout as another user, who may not enter the folders of the one that runs the tests.

Checkout and site-packages are shown to that user by bind mounts in a mount namespace of its own, below a folder
that all may enter, with the distribution's Python in front. Needs root.
"""

from __future__ import annotations

import os
import pwd
import shutil
import sys
import sysconfig
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.host.run import Completed, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHECKOUT: Final = Path(__file__).resolve().parents[2]
PYTHON: Final = Path("/usr/bin/python3")
VERSION: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"
SHOW: Final = """\
set -e
mount --bind "$1" "$2/code"
mount --bind "$3" "$4"
shift 4
exec setpriv "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherUser:
    """A user with a folder `home` of its own below `place`, which all may enter."""

    name: str
    uid: int
    gid: int
    place: Path

    @property
    def home(self) -> Path:
        return self.place / "home"

    @property
    def site_packages(self) -> Path:
        return self.place / "venv" / "lib" / VERSION / "site-packages"

    @property
    def python(self) -> Path:
        return self.place / "venv" / "bin" / "python"

    def run(self, *words: str | Path, env: Mapping[str, str] | None = None) -> Completed:
        """Run this checkout's Python with `words` in the user's home."""
        show = [
            "sh",
            "-c",
            SHOW,
            "sh",
            CHECKOUT,
            self.place,
            sysconfig.get_path("purelib"),
            self.site_packages,
        ]
        become = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups", "--inh-caps=-all"]
        argv = ["unshare", "--mount", "--propagation=private", *show, *become, self.python, *words]
        own = {"HOME": str(self.home), "PYTHONPATH": str(self.place / "code"), **(env or {})}
        return run(argv, env=own, cwd=self.home, check=False)

    def give(self, directory: Path) -> None:
        """Make the user the owner of all below a directory of its own."""
        run(["chown", "--recursive", f"{self.uid}:{self.gid}", directory])


def reason_against() -> str:
    """Say why there can be no other user here; "" if there can."""
    if os.geteuid() != 0:
        return "becoming another user needs root"
    found = run(
        [PYTHON, "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"], check=False
    ).stdout.strip()
    return "" if found == VERSION else f"{PYTHON} is {found or 'missing'}, these tests run in {VERSION}"


@contextmanager
def user_without_ids() -> Iterator[OtherUser]:
    """Give nobody, whom no table gives a range of ids."""
    nobody = pwd.getpwnam("nobody")
    with _place(nobody.pw_uid, nobody.pw_gid) as place:
        yield OtherUser(name=nobody.pw_name, uid=nobody.pw_uid, gid=nobody.pw_gid, place=place)


@contextmanager
def user_with_ids() -> Iterator[OtherUser]:
    """Give a new user with ranges of ids; it is removed when the block ends."""
    name = f"modpkg-test-{os.getpid()}"
    run(["useradd", "--no-create-home", "--shell", "/bin/sh", name])
    try:
        if not any(line.startswith(f"{name}:") for line in Path("/etc/subuid").read_text().splitlines()):
            run(["usermod", "--add-subuids", "700000-765535", "--add-subgids", "700000-765535", name])
        entry = pwd.getpwnam(name)
        with _place(entry.pw_uid, entry.pw_gid) as place:
            yield OtherUser(name=name, uid=entry.pw_uid, gid=entry.pw_gid, place=place)
    finally:
        run(["userdel", name], check=False)


@contextmanager
def _place(uid: int, gid: int) -> Iterator[Path]:
    # Not in pytest's folders: other users may not enter them.
    place = Path(tempfile.mkdtemp(prefix="modpkg-user.", dir="/var/tmp"))
    try:
        place.chmod(0o755)
        for name in ("code", "home", "venv/bin", f"venv/lib/{VERSION}/site-packages"):
            (place / name).mkdir(parents=True)
        (place / "venv/pyvenv.cfg").write_text(f"home = {PYTHON.parent}\n")
        (place / "venv/bin/python").symlink_to(PYTHON)
        os.chown(place / "home", uid, gid)
        yield place
    finally:
        shutil.rmtree(place)
