"""Makes the files of an image out of modules. Runs inside namespaces, as (mapped) root.

Nothing of a module is run or changed here but the few generators of `modpkg.image.regenerate`.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final, Protocol

from modpkg.errors import BadInputError, ModpkgError
from modpkg.host.files import remove_tree
from modpkg.host.mounts import in_memory, overlay
from modpkg.host.steps import step
from modpkg.image.check import check
from modpkg.image.glue import make_glue
from modpkg.image.job import Assembled, AssembleJob
from modpkg.image.order import in_order
from modpkg.image.paths import union
from modpkg.image.verify import check_listing, check_tree, expected_paths
from modpkg.model.module import Module
from modpkg.rootfs.inventory import memory_size
from modpkg.rootfs.normalize import DIRECTORY_TIME
from modpkg.squashfs.pack import Settings, pack_tree, unpack

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.host.files import Receipt

ROOT: Final = "root.squashfs"
KERNEL: Final = "vmlinuz"
INITRD: Final = "initrd"


class InitrdBuilder(Protocol):
    """What writes an initrd from the tree of an image: `modpkg.initramfs.build.build_initrd`."""

    def __call__(self, root: Path, *, kernel: str, modules: Sequence[str], destination: Path) -> Receipt:
        """Write `destination`."""


def assemble(job: AssembleJob, *, build_initrd: InitrdBuilder, sink: Sink) -> Assembled:
    """Make root, kernel and initrd of an image in the job's work directory; all of it is read back."""
    loaded = [(Module.model_validate_json(layer.module.read_bytes()), layer.tree) for layer in job.layers]
    trees = {module.name: tree for module, tree in loaded}
    modules = in_order(module for module, _ in loaded)
    with step("check the modules", sink):
        check(modules)
        release = _release(modules)
    lower = [trees[module.name] for module in reversed(modules)]
    with step("reconcile state", sink):
        paths = union(modules)
        glue = make_glue(job, modules, paths, lower=lower, sink=sink)
        expected = expected_paths(paths, glue)
    root = job.work / "root"
    root.mkdir()
    with overlay(root, lower=[glue, *lower]):
        check_listing(root, expected)
        with step("make the initrd", sink):
            drivers = sorted({name for module in modules for name in module.initramfs_modules})
            build_initrd(root, kernel=release, modules=drivers, destination=job.work / INITRD)
            _copy_kernel(root, release, job.work / KERNEL)
        with step("compress the root", sink):
            settings = Settings(level=job.level, block_size=job.block_size, time=DIRECTORY_TIME)
            # A node gets its kernel beside the root: a second copy would only fill its memory.
            pack_tree(root, job.work / ROOT, settings, exclude=(_kernel_image(release),), sink=sink)
    root.rmdir()
    with step("read the root back", sink):
        del expected[_kernel_image(release)]
        _read_back(job.work, expected, sink)
    remove_tree(glue)
    return Assembled(files={name: job.work / name for name in (KERNEL, INITRD, ROOT)}, kernel=release)


def _release(modules: Sequence[Module]) -> str:
    for module in modules:
        if module.kernel:
            return module.kernel
    raise BadInputError("cannot make an image without a kernel", hint="add the module kernel to the manifest")


def _kernel_image(release: str) -> str:
    return f"boot/vmlinuz-{release}"


def _copy_kernel(root: Path, release: str, destination: Path) -> None:
    source = root / _kernel_image(release)
    if source.is_symlink() or not source.is_file():
        raise ModpkgError(f"cannot find /{_kernel_image(release)} in the modules")
    shutil.copyfile(source, destination)
    destination.chmod(0o644)


def _read_back(work: Path, expected: dict[str, str], sink: Sink) -> None:
    place = work / "read-back"
    with in_memory(place, needed=memory_size(expected)):
        unpack(work / ROOT, place / "tree", sink=sink)
        check_tree(place / "tree", expected)
    remove_tree(place)
