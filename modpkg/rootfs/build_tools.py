"""Builds a module's own files by tools that are not in it: compilers, headers, sources.

The tools are installed in a layer over the module and those below it, which is thrown away. Of what the recipe's
scripts make there, only what lies below $DESTDIR is taken.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.host.mounts import chroot_mounts, overlay
from modpkg.rootfs import contents, debian
from modpkg.rootfs.pool import make_pool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.rootfs.job import BuildJob

DESTDIR: Final = "modpkg-destdir"
# dkms(8): its packages would else build drivers when they are installed, and sign them with a key made on the spot.
NO_AUTOINSTALL: Final = "etc/dkms/no-autoinstall"


def build_by_tools(job: BuildJob, lower: Sequence[Path], *, sink: Sink) -> Path:
    """Run the recipe's `build` over `lower`, topmost first, and give the directory with what it made.

    Raises ModpkgError where a script fails or makes nothing.
    """
    place = job.work / "tools"
    policy, root, upper, scratch = (place / name for name in ("policy", "root", "upper", "work"))
    for directory in (root, upper, scratch):
        directory.mkdir(parents=True)
    debian.write_policy(policy)
    (policy / NO_AUTOINSTALL).parent.mkdir(parents=True)
    (policy / NO_AUTOINSTALL).touch()
    pool = make_pool(place / "pool", job.tools, files=job.files, suite=job.platform.suite)
    with overlay(root, lower=[policy, *lower], upper=upper, work=scratch):
        if job.tools:
            names = [package.name for package in job.tools]
            epoch = job.source_date_epoch
            debian.install_delta(root, pool, names=names, epoch=epoch, work=place / "apt", sink=sink)
        (root / DESTDIR).mkdir()
        environment = {"DESTDIR": f"/{DESTDIR}", **debian.script_environment(job.source_date_epoch)}
        with chroot_mounts(root):
            scripts = job.recipe.build.scripts
            contents.run_scripts(root, scripts, folder=job.folder, env=environment, sink=sink)
    made = upper / DESTDIR
    if not any(made.iterdir()):
        raise ModpkgError(
            f"the build of module {job.recipe.name!r} made nothing",
            where=str(job.recipe_path),
            hint="its scripts have to put what they make below $DESTDIR",
        )
    return made


def take_made(made: Path, root: Path) -> None:
    """Copy what a build made into `root`, for root, modes as they are; raises BadInputError as `contents` does."""
    for path in sorted(made.rglob("*")):
        name = f"/{path.relative_to(made)}"
        target = contents.inside(root, name)
        if path.is_dir() and not path.is_symlink():
            contents.make_directory(target, name)
            continue
        contents.clear(target, name)
        shutil.copyfile(path, target, follow_symlinks=False)
        if not path.is_symlink():
            target.chmod(path.stat().st_mode & 0o7777)
