"""Mounts inside the namespaces of a build; they vanish with it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.host.mount_calls import mount, unmount
from modpkg.host.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DEVICES: Final = ("null", "zero", "full", "random", "urandom", "tty")
DEVICE_LINKS: Final = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}
# The kernel takes one page of mount options.
OPTIONS_BYTES: Final = 4095


@contextmanager
def overlay(
    target: Path, *, lower: Sequence[Path], upper: Path | None = None, work: Path | None = None
) -> Iterator[None]:
    """Mount an overlay on `target`, the first of `lower` on top; read-only without `upper` and `work`.

    What is written is not made safe against a crash of the machine (`volatile`, overlayfs(5) of the kernel's
    documentation): a build that ends so begins anew, and dpkg alone waits for the disk 500 times in a small one.
    """
    options = ["lowerdir=" + ":".join(_escaped(path) for path in lower)]
    if upper and work:
        options += [f"upperdir={_escaped(upper)}", f"workdir={_escaped(work)}", "volatile"]
    if os.geteuid() == 0 and not _is_initial_namespace():
        options.append("userxattr")
    text = ",".join(options)
    if len(text) > OPTIONS_BYTES:
        raise ModpkgError("cannot mount so many modules at once: their paths are too long for the kernel")
    with mounted("overlay", target, kind="overlay", options=text):
        yield


@contextmanager
def mounted(source: str | Path, target: Path, *, kind: str = "", options: str = "") -> Iterator[None]:
    """Mount `source` on `target` inside the block; `kind` is a file system, or empty for a bind mount."""
    target.mkdir(parents=True, exist_ok=True) if not target.exists() else None
    if "loop" in options.split(","):
        # The program finds a loop device.
        run(["mount", "-t", kind, "-o", options, source, target])
    else:
        mount(source, target, kind=kind, options=options)
    try:
        yield
    finally:
        # A daemon that a maintainer script left behind must not keep the build from ending.
        unmount(target)


@contextmanager
def in_memory(target: Path, *, needed: int) -> Iterator[None]:
    """Keep what the block writes below `target` in memory if that is free twice over; else it goes to disk.

    Making thousands of files costs a disk's file system many times what it costs a tmpfs. `needed` is in bytes.
    """
    target.mkdir(exist_ok=True)
    if _free_bytes() < 2 * needed:
        yield
        return
    with mounted("tmpfs", target, kind="tmpfs", options=f"mode=0700,size={2 * needed}"):
        yield


def _free_bytes() -> int:
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    return int(fields["MemAvailable"].split()[0]) * 1024


@contextmanager
def chroot_mounts(root: Path) -> Iterator[None]:
    """Give programs in `root` a /proc, a small /dev, and empty /run and /tmp that leave no trace."""
    with (
        mounted("proc", root / "proc", kind="proc"),
        mounted("tmpfs", root / "dev", kind="tmpfs", options="mode=0755"),
        mounted("tmpfs", root / "run", kind="tmpfs", options="mode=0755"),
        mounted("tmpfs", root / "tmp", kind="tmpfs", options="mode=1777"),
    ):
        for name in DEVICES:
            (root / "dev" / name).touch()
            mount(Path("/dev") / name, root / "dev" / name, kind="", options="")
        for name, target in DEVICE_LINKS.items():
            (root / "dev" / name).symlink_to(target)
        (root / "dev/shm").mkdir()
        (root / "dev/shm").chmod(0o1777)  # mkdir's mode would be cut by the umask
        yield


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")


def _is_initial_namespace() -> bool:
    # In the first user namespace every id maps to itself (user_namespaces(7)).
    return Path("/proc/self/uid_map").read_text(encoding="ascii").split() == ["0", "0", "4294967295"]
