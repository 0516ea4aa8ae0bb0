"""Files that are made from all modules together, by the image's own programs: caches of libraries and drivers.

A closed list: a program that writes anything else is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.host.files import remove_tree
from modpkg.host.mounts import chroot_mounts, overlay
from modpkg.host.run import run
from modpkg.rootfs.inventory import walk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.events import Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """A program, what must exist for it to be run, the paths it may write and those it leaves for nobody."""

    argv: tuple[str, ...]
    needs: str
    makes: str
    litter: str = r"(?!)"


LDCONFIG: Final = Generator(
    # -X: links are in the packages; making others would be a change of their files.
    argv=("ldconfig", "-X"),
    needs="etc/ld.so.conf",
    makes=r"etc/ld\.so\.cache",
    # It holds inode numbers and times of this machine.
    litter=r"var/cache/ldconfig(/aux-cache)?",
)
HWDB: Final = Generator(
    argv=("systemd-hwdb", "--usr", "update"), needs="usr/lib/udev/hwdb.d", makes=r"usr/lib/udev/hwdb\.bin"
)
CATALOG: Final = Generator(
    argv=("journalctl", "--update-catalog"),
    needs="usr/lib/systemd/catalog",
    makes=r"var/lib/systemd/catalog/database",
)


def depmod(release: str) -> Generator:
    """Give the generator of a kernel's driver tables."""
    return Generator(
        argv=("depmod", release),
        needs=f"usr/lib/modules/{release}",
        makes=rf"usr/lib/modules/{re.escape(release)}/modules\.[a-z.]+",
    )


def regenerate(glue: Path, *, lower: Sequence[Path], work: Path, kernel: str | None, sink: Sink) -> None:
    """Run the generators in `glue` over `lower`, topmost first, and add what they make to `glue`."""
    generators = [LDCONFIG, HWDB, CATALOG, *([depmod(kernel)] if kernel else [])]
    root, upper, scratch = (work / name for name in ("root", "upper", "work"))
    for directory in (root, upper, scratch):
        directory.mkdir(parents=True)
    with overlay(root, lower=[glue, *lower], upper=upper, work=scratch):
        wanted = [generator for generator in generators if (root / generator.needs).exists()]
        with chroot_mounts(root):
            for generator in wanted:
                run(["chroot", root, *generator.argv], sink=sink)
    _take(upper, glue, wanted)
    root.rmdir()
    remove_tree(work)


def _take(upper: Path, glue: Path, generators: Sequence[Generator]) -> None:
    makes = re.compile("|".join(generator.makes for generator in generators) or r"(?!)")
    litter = re.compile("|".join(generator.litter for generator in generators) or r"(?!)")
    start = len(str(upper)) + 1
    for entry in walk(upper):
        path = entry.path[start:]
        if entry.is_dir(follow_symlinks=False) or litter.fullmatch(path):
            continue
        if not makes.fullmatch(path):
            programs = ", ".join(generator.argv[0] for generator in generators)
            raise ModpkgError(f"cannot assemble: one of {programs} wrote /{path}, which no rule knows")
        target = glue / path
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        (upper / path).replace(target)
        target.chmod(0o644)
