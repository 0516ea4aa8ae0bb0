"""A tree to a squashfs: equal trees give equal bytes, whatever the machine. Times and owners are the tree's."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.events import Sink, ignore
from modpkg.host.files import Receipt, new_file, receipt_of
from modpkg.host.run import run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FAST_LEVEL: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What decides the bytes beside the tree: zstd level, block size in bytes, time of the superblock."""

    level: int
    block_size: int
    time: int


def pack_tree(
    tree: Path, destination: Path, settings: Settings, *, exclude: tuple[str, ...] = (), sink: Sink = ignore
) -> Receipt:
    """Write `tree` as a squashfs. `exclude` are paths below the tree that stay out, without a leading slash."""
    with new_file(destination) as temporary:
        # -no-exports: nobody exports a node's root by NFS. -xattrs is the default of Debian's build; said here
        # because capabilities depend on it. Never -always-use-fragments: 4.5.1 wrote a corrupt image with it.
        command: list[str | Path] = ["mksquashfs", tree, temporary, "-comp", "zstd"]
        command += ["-Xcompression-level", str(settings.level), "-b", str(settings.block_size)]
        command += ["-mkfs-time", str(settings.time), "-noappend", "-no-exports", "-no-progress", "-xattrs"]
        command += ["-quiet", *(["-e", *exclude] if exclude else [])]
        run(command, sink=sink)
        receipt = receipt_of(temporary)
    return Receipt(path=destination, size=receipt.size, sha256=receipt.sha256)


def unpack(fragment: Path, directory: Path, *, sink: Sink = ignore) -> None:
    """Unpack a squashfs into a directory that does not exist yet."""
    run(["unsquashfs", "-no-progress", "-quiet", "-dest", directory, fragment], sink=sink)


def unpack_damaged(image: Path, directory: Path, *, sink: Sink = ignore) -> str:
    """Unpack what can be read of a squashfs; give why it is not all of it, or "".

    A file whose blocks cannot be read is cut or missing. Where the tables are damaged nothing may come out.
    """
    words: list[str | Path] = [
        "unsquashfs",
        "-ignore-errors",
        "-no-progress",
        "-quiet",
        "-dest",
        directory,
        image,
    ]
    done = run(words, sink=sink, check=False)
    if done.returncode == 0:
        return ""
    said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    # The last word of unsquashfs is about the whole; what it could not read stands before.
    telling = [line for line in said if "fail" in line.lower()]
    return (telling or said or [f"unsquashfs ended with status {done.returncode}"])[0].strip()


def unpack_some(image: Path, directory: Path, paths: Iterable[str], *, sink: Sink = ignore) -> None:
    """Unpack some paths of a squashfs, without leading slashes, with all below them; owners are the caller's."""
    words: list[str | Path] = ["unsquashfs", "-no-progress", "-quiet", "-no-xattrs", "-no-wildcards"]
    run([*words, "-dest", directory, image, *paths], sink=sink)


def tool_versions() -> dict[str, str]:
    """Give the versions of the programs whose versions enter the bits of a fragment."""
    first = run(["mksquashfs", "-version"], check=False).stdout.split()
    if first[:2] != ["mksquashfs", "version"]:
        raise ModpkgError("cannot tell the version of mksquashfs", hint="it has to be squashfs-tools'")
    return {"mksquashfs": first[2], "zstd": _zstd_version()}


def _zstd_version() -> str:
    # mksquashfs links the library dynamically and does not print its version.
    try:
        library = ctypes.CDLL("libzstd.so.1")
    except OSError as error:
        raise ModpkgError("cannot load libzstd.so.1", hint="apt-get install libzstd1") from error
    library.ZSTD_versionString.restype = ctypes.c_char_p
    version: bytes = library.ZSTD_versionString()
    return version.decode()
