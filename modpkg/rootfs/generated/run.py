"""Runs generators in a chroot over layers, takes what they made, and refuses what no rule knows."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.host.files import remove_tree
from modpkg.host.mounts import chroot_mounts, overlay
from modpkg.host.run import run
from modpkg.rootfs.generated.table import GENERATORS
from modpkg.rootfs.inventory import walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.rootfs.generated.choose import Command
    from modpkg.rootfs.generated.generator import Generator

# pam-auth-update asks questions otherwise.
ENVIRONMENT: Final = {"DEBIAN_FRONTEND": "noninteractive"}


def run_generators(
    target: Path, *, lower: Sequence[Path], commands: Sequence[Command], work: Path, sink: Sink
) -> tuple[str, ...]:
    """Run `commands` in `target` over `lower`, topmost first, and add what they make to `target`.

    Gives the paths that were added. What a generator removes of a lower layer becomes a whiteout of overlayfs
    in `target`. `work` does not exist, and is gone when this ends.
    """
    if not commands:
        return ()
    root, upper, scratch = (work / name for name in ("root", "upper", "work"))
    for directory in (root, upper, scratch):
        directory.mkdir(parents=True)
    with overlay(root, lower=[target, *lower], upper=upper, work=scratch), chroot_mounts(root):
        for command in commands:
            run(["chroot", root, *command.argv], env=ENVIRONMENT, sink=sink)
    made = tuple(take(upper, target, [command.generator for command in commands]))
    root.rmdir()
    remove_tree(work)
    return made


def take(upper: Path, target: Path, generators: Collection[Generator]) -> Iterator[str]:
    """Move what generators made from `upper` to `target`; raises ModpkgError for a file that is none of theirs."""
    litter = re.compile("|".join(f"(?:{generator.litter})" for generator in generators))
    start = len(str(upper)) + 1
    for entry in list(walk(upper)):
        path = entry.path[start:]
        if entry.is_dir(follow_symlinks=False) or litter.fullmatch(path):
            continue
        maker = next((generator for generator in generators if generator.made(path)), None)
        if maker is None:
            programs = ", ".join(sorted({generator.name for generator in generators}))
            raise ModpkgError(
                f"cannot make generated files ({programs}): one of them wrote /{path}, which no rule knows"
            )
        _move(upper / path, target / path, sort_lines=maker.sort_lines)
        yield path


def _move(source: Path, target: Path, *, sort_lines: bool) -> None:
    _make_directory(target.parent)
    if sort_lines and stat.S_ISREG(source.lstat().st_mode):
        source.write_text("".join(sorted(source.read_text().splitlines(keepends=True))))
    source.replace(target)


def _make_directory(path: Path) -> None:
    # Not mkdir(parents=True): the mode of parents would come from the umask.
    if not path.exists():
        _make_directory(path.parent)
        path.mkdir()
        path.chmod(0o755)


def drop_generated(tree: Path, *, keep: Collection[Generator] = ()) -> tuple[str, ...]:
    """Remove generated files from a tree, but those of `keep`; gives the paths removed, sorted.

    Whiteouts of overlayfs go too: what a lower module has of them is not this one's business.
    """
    gone = [generator for generator in GENERATORS if generator not in keep]
    start = len(str(tree)) + 1
    removed = []
    for entry in list(walk(tree)):
        path = entry.path[start:]
        if not entry.is_dir(follow_symlinks=False) and any(generator.made(path) for generator in gone):
            os.unlink(entry.path)  # noqa: PTH108 - an entry has its path as text
            removed.append(path)
    return tuple(sorted(removed))
