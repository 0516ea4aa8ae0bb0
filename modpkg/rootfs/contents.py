"""What a recipe adds by itself: files, units to enable, scripts that run once, at build time."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError, DocumentError, Problem
from modpkg.host.mounts import chroot_mounts
from modpkg.host.namespaces import OWN_PROCESSES
from modpkg.host.run import CommandError, run
from modpkg.model.left_out import BYTE_CODE, why_left_out
from modpkg.rootfs.debian import script_environment
from modpkg.rootfs.script_errors import script_error

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.model.recipe import Content, Recipe


def add_contents(root: Path, recipe: Recipe, *, folder: Path) -> None:
    """Put the recipe's `contents` into `root`; sources are below `folder`, checked when the recipe was loaded.

    What lies at a destination is replaced, and a link there is never followed. Raises BadInputError where a
    destination leads out of `root`, is a directory, or where no module can hold it.
    """
    for content in recipe.contents:
        placed = _place(content, folder, root)
        _own(content, root, placed)
        _refuse_left_out(content, root, placed, where=str(folder / "recipe.yaml"))


def _refuse_left_out(content: Content, root: Path, placed: Iterable[Path], *, where: str) -> None:
    # By its document it lies elsewhere: a link on the way led there, such as /var/run.
    for path in placed:
        name = f"/{path.relative_to(root.resolve())}"
        fault = why_left_out(name, is_file=path.is_file() and not path.is_symlink())
        if fault and BYTE_CODE not in path.parts:
            raise BadInputError(
                f"cannot put anything at {name}, where {content.dst} leads: it {fault[0]}",
                where=where,
                hint=fault[1],
            )


def refuse_generated(recipe: Recipe, dropped: Collection[str], *, where: str) -> None:
    """Refuse `contents` that are among the generated files which were dropped: they would be lost silently."""
    lost = sorted({content.dst for content in recipe.contents} & {f"/{path}" for path in dropped})
    if lost:
        raise DocumentError(
            [
                Problem(
                    file=where,
                    message=f"contents: {path} is made by a program of the image from files of all modules",
                    hint="put what it is made from in its place",
                )
                for path in lost
            ]
        )


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
        run_scripts(root, recipe.scripts, folder=folder, env=env, sink=sink)


def run_scripts(
    root: Path, names: Iterable[str], *, folder: Path, env: Mapping[str, str], sink: Sink
) -> None:
    """Run scripts of a recipe's folder by `sh -e` inside `root`, which has its mounts.

    Raises ModpkgError with the words of one that fails.
    """
    for name in names:
        # /run is a tmpfs that leaves no trace.
        shutil.copy(folder / name, root / "run/modpkg-script")
        with _telling(f"cannot run this script of module {folder.name!r}", folder / name):
            run(
                [*OWN_PROCESSES, "chroot", str(root), "/bin/sh", "-e", "/run/modpkg-script"],
                env=dict(env),
                sink=sink,
            )


@contextmanager
def _telling(what: str, where: Path) -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        raise script_error(what, error, where=str(where)) from error


def _place(content: Content, folder: Path, root: Path) -> list[Path]:
    source = folder / str(content.src)
    target = inside(root, content.dst)
    if content.type == "dir":
        make_directory(target, content.dst)
        return [target]
    if content.type == "symlink":
        clear(target, content.dst)
        target.symlink_to(str(content.src))
        return [target]
    if content.type == "file":
        clear(target, content.dst)
        shutil.copyfile(source, target)
        return [target]
    return [*make_directory(target, content.dst), *_copy_tree(source, root, content.dst)]


def _copy_tree(source: Path, root: Path, dst: str) -> Iterator[Path]:
    for path in sorted(source.rglob("*")):
        place = f"{dst}/{path.relative_to(source)}"
        target = inside(root, place)
        if path.is_dir() and not path.is_symlink():
            yield from make_directory(target, place)
            continue
        clear(target, place)
        shutil.copyfile(path, target, follow_symlinks=False)
        yield target


def inside(root: Path, dst: str) -> Path:
    """Give where `dst` lies below `root`; its directory is made, and links on the way stay in the tree.

    Raises BadInputError where they lead out of it.
    """
    base = root.resolve()
    target = base / dst.lstrip("/")
    directory = target.parent.resolve()
    if not directory.is_relative_to(base):
        # An absolute link such as /var/run would lead to the directory of the machine that builds.
        raise BadInputError(
            f"cannot put anything at {dst}: a directory on the way is a link that leads out of the module's tree",
            hint="name the place that the link leads to",
        )
    for parent in reversed([directory, *directory.parents]):
        if parent.is_relative_to(base):
            make_directory(parent, f"/{parent.relative_to(base)}")
    return directory / target.name


def make_directory(directory: Path, place: str) -> list[Path]:
    """Make a directory of mode 0755 and give it, in a list; an empty one where it is there. Its parent is there.

    `place` is its path in the image.
    """
    if directory.is_dir():
        return []
    if directory.is_symlink() or directory.exists():
        raise BadInputError(f"cannot make the directory {place}: something else is there")
    directory.mkdir()
    directory.chmod(0o755)
    return [directory]


def clear(target: Path, dst: str) -> None:
    """Remove what lies where a file is to be; raises BadInputError, which says `dst`, for a directory."""
    if target.is_dir() and not target.is_symlink():
        raise BadInputError(f"cannot put a file at {dst}: a directory is there")
    target.unlink(missing_ok=True)


def _own(content: Content, root: Path, placed: Iterable[Path]) -> None:
    owner = _id_of(root / "etc/passwd", content.file_info.owner, content.dst)
    group = _id_of(root / "etc/group", content.file_info.group, content.dst)
    mode = int(content.file_info.mode, 8)
    for path in placed:
        os.chown(path, owner, group, follow_symlinks=False)
        if not path.is_symlink():
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
