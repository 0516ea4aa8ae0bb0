"""What a recipe adds by itself: files, units to enable, scripts that run once, at build time."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.host.mounts import chroot_mounts
from modpkg.host.run import CommandError, run
from modpkg.rootfs.debian import script_environment
from modpkg.rootfs.script_errors import script_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.model.recipe import Content, Recipe


def add_contents(root: Path, recipe: Recipe, *, folder: Path) -> None:
    """Put the recipe's `contents` into `root`; sources are below `folder`, checked when the recipe was loaded."""
    for content in recipe.contents:
        target = root / content.dst.lstrip("/")
        _make_parents(target.parent)
        _place(content, folder, target)
        _own(content, root, target)


def settle(root: Path, recipe: Recipe, *, folder: Path, epoch: int, sink: Sink) -> None:
    """Enable, disable and mask the recipe's units, then run its scripts, all inside `root`."""
    services = recipe.services
    units = (("enable", services.enable), ("disable", services.disable), ("mask", services.mask))
    chroot, env = ["chroot", str(root)], script_environment(epoch)
    with chroot_mounts(root):
        for verb, names in units:
            if names:
                with _telling(f"cannot {verb} {' '.join(names)}", folder / "recipe.yaml"):
                    run([*chroot, "systemctl", verb, *names], env=env, sink=sink)
        for name in recipe.scripts:
            # /run is a tmpfs that leaves no trace.
            shutil.copy(folder / name, root / "run/modpkg-script")
            with _telling(f"cannot run this script of module {recipe.name!r}", folder / name):
                run([*chroot, "/bin/sh", "-e", "/run/modpkg-script"], env=env, sink=sink)


@contextmanager
def _telling(what: str, where: Path) -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        raise script_error(what, error, where=str(where)) from error


def _make_parents(directory: Path) -> None:
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir()
        path.chmod(0o755)


def _place(content: Content, folder: Path, target: Path) -> None:
    if content.type == "dir":
        target.mkdir(exist_ok=True)
    elif content.type == "symlink":
        target.symlink_to(str(content.src))
    elif content.type == "tree":
        shutil.copytree(folder / str(content.src), target, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copyfile(folder / str(content.src), target)


def _own(content: Content, root: Path, target: Path) -> None:
    owner = _id_of(root / "etc/passwd", content.file_info.owner, content.dst)
    group = _id_of(root / "etc/group", content.file_info.group, content.dst)
    below = sorted(target.rglob("*")) if content.type == "tree" else []
    for path in [target, *below]:
        os.chown(path, owner, group, follow_symlinks=False)
        if not path.is_symlink():
            mode = int(content.file_info.mode, 8)
            # Who may read a file of a tree may also enter its directories.
            path.chmod(mode | (mode & 0o444) >> 2 if path.is_dir() else mode)


def _id_of(table: Path, name: str, dst: str) -> int:
    if name.isdecimal():
        return int(name)
    for line in table.read_text(encoding="utf-8").splitlines():
        words = line.split(":")
        if words[0] == name:
            return int(words[2])
    raise BadInputError(
        f"cannot give {dst} to {name!r}: /etc/{table.name} of the module's tree has no such account",
        hint="name an account that a package of this module or of a lower one makes",
    )
