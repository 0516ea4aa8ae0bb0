"""The root of an image: layers spliced or compressed again into one squashfs, or left apart; and read back."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.host.files import measuring, remove_tree
from modpkg.host.mounts import in_memory, overlay
from modpkg.host.steps import step
from modpkg.image.job import DEFAULT_WAYS
from modpkg.image.verify import check_list, check_listing, check_tree
from modpkg.model.image import ROOT, ImageFile
from modpkg.rootfs.inventory import memory_size
from modpkg.rootfs.normalize import DIRECTORY_TIME
from modpkg.squashfs.pack import pack_tree, unpack
from modpkg.squashfs.splice import SpliceLayer, write_splice

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.host.files import Receipt
    from modpkg.image.assemble import Stack
    from modpkg.model.module import Module

GLUE: Final = "glue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a node mounts: the new file by its name, its digest, and what the node stacks, lowest first."""

    name: str
    path: Path
    known: ImageFile
    layers: tuple[str, ...] = ()


def make_root(stack: Stack, glue: Path, expected: dict[str, str], *, sink: Sink) -> Made:
    """Make what a node mounts in the job's work directory.

    `expected` is what glue and modules show together.
    """
    if stack.job.layout == "layered":
        return _layers(stack, glue, sink)
    # A node gets its kernel beside the root: a second copy would only fill its memory.
    shown = {path: line for path, line in expected.items() if path != stack.kernel_image}
    target = stack.job.work / ROOT
    if stack.job.ways.merge == "recompress":
        _recompress(stack, glue, expected, target, sink)
    else:
        _splice(stack, glue, target, sink)
    with step("read the root back", sink), measuring(target) as measured:
        _read_back(stack, target, shown, sink)
        return Made(name=ROOT, path=target, known=_known(measured()))


def _known(receipt: Receipt) -> ImageFile:
    return ImageFile(size=receipt.size, sha256=receipt.sha256)


def layer_names(stack: Stack) -> tuple[str, ...]:
    """Give the file names of the layers of a layered image, lowest first; the glue is the last."""
    names = [*(module.name for module in stack.modules), GLUE]
    return tuple(f"{place:02}-{name}.squashfs" for place, name in enumerate(names))


def _layers(stack: Stack, glue: Path, sink: Sink) -> Made:
    names = layer_names(stack)
    target = stack.job.work / names[-1]
    with step("pack the glue", sink):
        receipt = pack_tree(glue, target, stack.settings, sink=sink)
    return Made(name=names[-1], path=target, known=_known(receipt), layers=names)


def _splice(stack: Stack, glue: Path, target: Path, sink: Sink) -> None:
    packed = stack.job.work / "glue.squashfs"
    with step("splice the root", sink):
        pack_tree(glue, packed, stack.settings, sink=sink)
        layers = [
            SpliceLayer(name=module.name, path=path, digests=digests_of(module.paths))
            for module, path in zip(stack.modules, stack.view.fragments, strict=True)
        ]
        layers.append(SpliceLayer(name=GLUE, path=packed, digests={}))
        with ExitStack() as beside:
            measured = [beside.enter_context(measuring(path)) for path in stack.view.fragments]
            # Not `splice`: its digest is computed while it is read back.
            write_splice(layers, target, time=DIRECTORY_TIME, exclude=(stack.kernel_image,))
        for module, receipt in zip(stack.modules, measured, strict=True):
            _check_fragment(module, receipt())
    packed.unlink()


def _check_fragment(module: Module, found: Receipt) -> None:
    # Blocks are copied as they are: a bit that a disk has lost would be in the image, and its digest right for that.
    if found.sha256 != module.fragment.sha256:
        raise ModpkgError(
            f"cannot use the fragment of {module.name} {module.version}: the store's copy is damaged",
            where=str(found.path),
            hint="remove that file: it is taken from the module's package again",
        )


def digests_of(paths: dict[str, str]) -> dict[str, str]:
    """Give the digest of each file among paths and their lines."""
    words = ((path, line.split(maxsplit=6)) for path, line in paths.items())
    return {path: found[5] for path, found in words if found[0] == "file"}


def _recompress(stack: Stack, glue: Path, expected: dict[str, str], target: Path, sink: Sink) -> None:
    place = stack.job.work / "root"
    place.mkdir()
    with overlay(place, lower=[glue, *stack.trees[::-1]]), step("compress the root", sink):
        check_listing(place, expected)
        pack_tree(place, target, stack.settings, exclude=(stack.kernel_image,), sink=sink)
    place.rmdir()


def _read_back(stack: Stack, target: Path, expected: dict[str, str], sink: Sink) -> None:
    if stack.job.ways == DEFAULT_WAYS:
        check_list(target, expected)
        return
    place = stack.job.work / "read-back"
    with in_memory(place, needed=memory_size(expected)):
        unpack(target, place / "tree", sink=sink)
        check_tree(place / "tree", expected)
    remove_tree(place)
