"""Modules to an image directory: planned first, then assembled in namespaces, then put in place whole."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.events import Sink, StepSkipped
from modpkg.formats.canonical import canonical_json, read_record
from modpkg.host import namespaces
from modpkg.host.files import new_directory, receipt_of, remove_tree
from modpkg.host.steps import step
from modpkg.image import identity
from modpkg.image.check import check
from modpkg.image.job import Assembled, AssembleJob, Layer
from modpkg.image.needs import needs_trees
from modpkg.image.order import in_order
from modpkg.model.image import Image, ImageDirectory, ImageFile
from modpkg.pipeline.apart import call
from modpkg.pipeline.unpacked import unpacked_tree

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.image.job import Verify
    from modpkg.model.image import Merge
    from modpkg.model.manifest import Manifest
    from modpkg.model.module import Module
    from modpkg.store.store import Store

IMAGE_JSON: Final = "image.json"
SUMS: Final = "SHA256SUMS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be built, how, and why; without a reason the directory is as it should be."""

    manifest: Manifest
    modules: tuple[Module, ...]
    image: Image
    directory: Path
    reason: str
    merge: Merge = "splice"
    verify: Verify = "list"


def plan_image(
    manifest: Manifest,
    modules: Sequence[Module],
    *,
    images: Path,
    merge: Merge = "splice",
    verify: Verify = "list",
) -> Plan:
    """Decide whether the image of a manifest's modules has to be built below `images`. Writes nothing.

    Raises `modpkg.image.finding.CheckError` with all that keeps the modules from being one image.
    """
    check(modules)
    image = identity.image_of(modules)
    directory = images / directory_name(manifest.name, image)
    return Plan(
        manifest=manifest,
        modules=tuple(modules),
        image=image,
        directory=directory,
        reason=_reason(directory, manifest, image, merge),
        merge=merge,
        verify=verify,
    )


def directory_name(name: str, image: Image) -> str:
    """Give the name of an image's directory, `<image>_<version>_<arch>`, the version without an epoch."""
    return f"{name}_{image.version}_{image.architecture}"


def build_image(plan: Plan, *, store: Store, sink: Sink) -> ImageDirectory:
    """Do what a plan says; the fragments of its modules are in the store."""
    if not plan.reason:
        return _skip(plan, sink)
    with store.lock(f"image-{plan.directory.name}", sink=sink):
        # Who waited for another process that built the same finds the work done.
        if not _reason(plan.directory, plan.manifest, plan.image, plan.merge):
            return _skip(plan, sink)
        with step(f"build image {plan.manifest.name}", sink, reason=plan.reason):
            return _build(plan, store=store, sink=sink)


def _skip(plan: Plan, sink: Sink) -> ImageDirectory:
    reason = f"{plan.directory} has {plan.image.version} already"
    sink(StepSkipped(f"build image {plan.manifest.name}", reason))
    return read_record(plan.directory / IMAGE_JSON, ImageDirectory)


def _build(plan: Plan, *, store: Store, sink: Sink) -> ImageDirectory:
    # What a process that was killed left beside the image; the lock says that none is at work.
    for stale in plan.directory.parent.glob(f".{plan.directory.name}.*"):
        remove_tree(stale)
    with store.scratch() as work:
        assembled = _assemble(plan, work, store=store, mode=namespaces.mode(), sink=sink)
        with new_directory(plan.directory) as directory:
            for name, path in assembled.files.items():
                shutil.move(path, directory / name)
            _link_layers(plan, assembled, store, directory)
            return _describe(plan, assembled, directory)


def _assemble(plan: Plan, work: Path, *, store: Store, mode: namespaces.Mode, sink: Sink) -> Assembled:
    layers = []
    with_trees = needs_trees(plan.modules, plan.merge)
    for module in plan.modules:
        path, digest = work / f"{module.name}.json", module.fragment.sha256
        path.write_text(module.model_dump_json(), encoding="utf-8")
        tree = unpacked_tree(store, digest, mode=mode, sink=sink) if with_trees else None
        layers.append(Layer(module=path, fragment=store.path(digest), tree=tree))
    # The root is compressed like core: equal modules make equal bits.
    core = next(module for module in plan.modules if module.name == "core")
    place = work / "assembly"
    place.mkdir()
    job = AssembleJob(
        layers=tuple(layers),
        image=plan.image,
        level=core.fragment.level,
        block_size=core.fragment.block_size,
        work=place,
        layout=plan.manifest.layout,
        merge=plan.merge,
        verify=plan.verify,
    )
    return Assembled.model_validate(call("assemble", job, mode=mode, work=work, sink=sink))


def _link_layers(plan: Plan, assembled: Assembled, store: Store, directory: Path) -> None:
    # The fragments as they are in the store; the glue, the last layer, was just made.
    for name, module in zip(assembled.layers, in_order(plan.modules), strict=False):
        source, target = store.path(module.fragment.sha256), directory / name
        try:
            target.hardlink_to(source)
        except OSError:
            shutil.copyfile(source, target)


def _describe(plan: Plan, assembled: Assembled, directory: Path) -> ImageDirectory:
    texts = {
        "packages": identity.packages_text(plan.modules),
        "changelog": identity.changelog_text(plan.modules, plan.image),
    }
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8")
    names = sorted({*assembled.files, *assembled.layers, *texts})
    receipts = {name: receipt_of(directory / name) for name in names}
    files = {name: ImageFile(size=receipt.size, sha256=receipt.sha256) for name, receipt in receipts.items()}
    record = _record(plan, assembled, files)
    (directory / IMAGE_JSON).write_text(canonical_json(record), encoding="utf-8")
    sums = {
        **{name: file.sha256 for name, file in files.items()},
        IMAGE_JSON: receipt_of(directory / IMAGE_JSON).sha256,
    }
    lines = [f"{sha256}  {name}\n" for name, sha256 in sorted(sums.items())]
    (directory / SUMS).write_text("".join(lines), encoding="utf-8")
    for path in directory.iterdir():
        if path.name not in assembled.layers[:-1]:
            path.chmod(0o644)  # not that of a layer: it is the store's file too
    return record


def _record(plan: Plan, assembled: Assembled, files: dict[str, ImageFile]) -> ImageDirectory:
    return ImageDirectory(
        name=plan.manifest.name,
        image=plan.image,
        kernel=assembled.kernel,
        kernel_arguments=plan.manifest.kernel_arguments,
        files=files,
        waits_for_site=tuple(sorted({unit for module in plan.modules for unit in module.waits_for_site})),
        tests={module.name: module.tests for module in plan.modules if module.tests},
        layout=plan.manifest.layout,
        merge=plan.merge,
        layers=assembled.layers,
    )


def _reason(directory: Path, manifest: Manifest, image: Image, merge: Merge) -> str:
    if not directory.exists():
        return f"there is no {directory.name}"
    try:
        found = read_record(directory / IMAGE_JSON, ImageDirectory)
    except ModpkgError as error:
        return f"its {IMAGE_JSON} cannot be read: {error.what}"
    if found.image != image:
        return "it was made of other modules"
    if found.kernel_arguments != manifest.kernel_arguments:
        return "the kernel arguments changed"
    if (found.layout, found.merge) != (manifest.layout, merge):
        return f"it is {found.layout}, made by {found.merge}"
    for name, file in found.files.items():
        path = directory / name
        if not path.is_file() or path.stat().st_size != file.size:
            return f"{name} is missing or was cut"
    return ""
