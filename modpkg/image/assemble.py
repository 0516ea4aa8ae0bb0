"""Makes the files of an image out of modules. Runs inside namespaces, as (mapped) root.

Nothing of a module is run or changed here but the few generators of `modpkg.rootfs.generated`. Whether the
modules make an image at all was decided before, by `modpkg.image.check`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from modpkg.errors import BadInputError, ModpkgError
from modpkg.formats.hashing import Sha256Thread
from modpkg.host.files import remove_tree
from modpkg.host.steps import step
from modpkg.image import identity, libraries, root
from modpkg.image.glue import finish_glue, make_glue
from modpkg.image.job import Assembled, AssembleJob
from modpkg.image.order import in_order
from modpkg.image.paths import union
from modpkg.image.verify import expected_paths
from modpkg.image.verity import write_verity
from modpkg.image.view import Shown, opened
from modpkg.initramfs.drivers import CLASS
from modpkg.model.image import ROOT, VERITY, ImageFile
from modpkg.rootfs.generated.run import run_generators
from modpkg.rootfs.normalize import DIRECTORY_TIME
from modpkg.squashfs.pack import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.host.files import Receipt
    from modpkg.image.view import View
    from modpkg.initramfs.files import Files
    from modpkg.model.module import Module

KERNEL: Final = "vmlinuz"
INITRD: Final = "initrd"


class InitrdBuilder(Protocol):
    """What writes an initrd from the files of an image: `modpkg.initramfs.build.build_initrd`."""

    def __call__(self, files: Files, *, kernel: str, modules: Sequence[str], destination: Path) -> Receipt:
        """Write `destination`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The modules of an image, lowest first, what they show together, and the trees on the disk, if there are."""

    job: AssembleJob
    modules: tuple[Module, ...]
    paths: Mapping[str, str]
    view: View
    trees: tuple[Path, ...]

    @property
    def kernel(self) -> str:
        """The release of the kernel; raises BadInputError where no module has one."""
        for module in self.modules:
            if module.kernel:
                return module.kernel
        raise BadInputError(
            "cannot make an image without a kernel", hint="add the module kernel to the manifest"
        )

    @property
    def kernel_image(self) -> str:
        """The path of the kernel itself."""
        return f"boot/vmlinuz-{self.kernel}"

    @property
    def settings(self) -> Settings:
        """How layers are compressed."""
        return Settings(level=self.job.level, block_size=self.job.block_size, time=DIRECTORY_TIME)


def assemble(job: AssembleJob, *, build_initrd: InitrdBuilder, sink: Sink) -> Assembled:
    """Make kernel, initrd, and root or glue of an image in the job's work directory."""
    with _opened(job) as stack:
        release = stack.kernel
        with step("reconcile state", sink):
            os_release = stack.view.read(identity.OS_RELEASE).decode()
            glue = make_glue(job, stack.modules, stack.paths, os_release=os_release)
            _generate(stack, glue, sink)
            finish_glue(glue, stack.modules)
            expected = expected_paths(stack.paths, glue)
        with step("make the initrd", sink):
            shown = Shown(view=stack.view, glue=glue)
            drivers = sorted({name for module in stack.modules for name in module.initramfs_modules})
            drivers += [f"{CLASS}{name}" for name in job.drivers]
            with Sha256Thread() as digest:
                content = _read_kernel(stack, shown)
                digest.update(content)
                initrd = build_initrd(shown, kernel=release, modules=drivers, destination=job.work / INITRD)
            kernel = _write_kernel(stack, content, digest.hexdigest(), job.work / KERNEL)
        made = root.make_root(stack, glue, expected, sink=sink)
    remove_tree(glue)
    files = {KERNEL: job.work / KERNEL, INITRD: job.work / INITRD, made.name: made.path}
    known = {KERNEL: kernel, INITRD: ImageFile(size=initrd.size, sha256=initrd.sha256), made.name: made.known}
    hash_of_root = None
    if job.verity:
        files[VERITY] = job.work / VERITY
        with step("make the hash tree", sink):
            hash_of_root = write_verity(files[ROOT], files[VERITY])
    return Assembled(files=files, kernel=release, layers=made.layers, known=known, verity=hash_of_root)


@contextmanager
def _opened(job: AssembleJob) -> Iterator[Stack]:
    layers = {layer.module.name: layer for layer in job.layers}
    modules = in_order(layer.module for layer in job.layers)
    trees = tuple(tree for module in modules if (tree := layers[module.name].tree))
    with opened(modules, [layers[module.name].fragment for module in modules]) as view:
        yield Stack(job=job, modules=modules, paths=union(modules), view=view, trees=trees)


def _generate(stack: Stack, glue: Path, sink: Sink) -> None:
    commands, work = stack.job.commands, stack.job.work / "generate"
    if stack.trees:
        run_generators(glue, lower=stack.trees[::-1], commands=commands, work=work, sink=sink)
        return
    for command in commands:
        libraries.make_cache(glue, view=stack.view, lines=stack.paths, command=command, work=work, sink=sink)


def _read_kernel(stack: Stack, shown: Shown) -> bytes:
    try:
        return shown.read(stack.kernel_image)
    except FileNotFoundError as error:
        raise ModpkgError(f"cannot find /{stack.kernel_image} in the modules") from error


def _write_kernel(stack: Stack, content: bytes, sha256: str, destination: Path) -> ImageFile:
    stack.view.check(stack.kernel_image, sha256)
    size = destination.write_bytes(content)
    destination.chmod(0o644)
    return ImageFile(size=size, sha256=sha256)
