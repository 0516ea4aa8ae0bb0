"""Modules to an image directory: planned first, then assembled in namespaces, then put in place whole."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.events import Sink, StepSkipped
from modpkg.formats.canonical import read_record
from modpkg.host import namespaces
from modpkg.host.files import new_directory, remove_tree
from modpkg.host.steps import step
from modpkg.image import identity
from modpkg.image.check import check
from modpkg.image.job import DEFAULT_WAYS, Assembled, AssembleJob, Layer, Ways
from modpkg.image.needs import needs_trees
from modpkg.image.site import compose
from modpkg.image.site_tree import SiteBuilt, SiteJob
from modpkg.model.image import ROOT, SITE, Image, ImageDirectory
from modpkg.pipeline.apart import call
from modpkg.pipeline.budget import check_budget
from modpkg.pipeline.describe_image import IMAGE_JSON, NO_PENS, Pens, describe, uki_name
from modpkg.pipeline.put_layers import layers_of, put_layers
from modpkg.pipeline.share_files import share
from modpkg.pipeline.unpacked import unpacked_tree
from modpkg.rootfs.generated.choose import at_assembly

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.formats.site import SitePart
    from modpkg.image.site import SiteLayer
    from modpkg.model.manifest import Manifest
    from modpkg.model.module import Module
    from modpkg.store.store import Store

KEPT_IN_MEMORY: Final[tuple[str, ...]] = (ROOT, SITE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be built, how, and why; without a reason the directory is as it should be."""

    manifest: Manifest
    modules: tuple[Module, ...]
    image: Image
    directory: Path
    reason: str
    site: SiteLayer | None = None
    uki: bool = False
    ways: Ways = DEFAULT_WAYS


def plan_image(
    manifest: Manifest,
    modules: Sequence[Module],
    *,
    images: Path,
    site: Sequence[SitePart] = (),
    uki: bool = False,
    ways: Ways = DEFAULT_WAYS,
) -> Plan:
    """Decide whether the image of a manifest's modules has to be built below `images`. Writes nothing.

    `site` is what the site adds, the last part wins; `uki` asks for an EFI program also where the manifest does
    not. Raises `modpkg.image.finding.CheckError` with all that keeps the modules from being one image, and
    `modpkg.image.site.SiteError` with all that is wrong with the site's files.
    """
    check(modules)
    image = identity.image_of(modules)
    layer = compose(site, modules, image=manifest.name)
    directory = images / directory_name(manifest.name, image, layer.mark.fingerprint if layer else "")
    plan = Plan(
        manifest=manifest,
        modules=tuple(modules),
        image=image,
        directory=directory,
        reason="",
        site=layer,
        uki=uki or manifest.uki,
        ways=ways,
    )
    return replace(plan, reason=_reason(plan))


def directory_name(name: str, image: Image, site: str = "") -> str:
    """Give the name of an image's directory, `<image>_<version>_<arch>`, the version without an epoch.

    With a site layer `_site-<its letters>` follows. It is a name in every file system, address and object store.
    """
    plain = f"{name}_{image.version}_{image.architecture}"
    return f"{plain}_site-{site}" if site else plain


def build_image(plan: Plan, *, store: Store, sink: Sink, pens: Pens = NO_PENS) -> ImageDirectory:
    """Do what a plan says; the fragments of its modules are in the store."""
    if not plan.reason:
        return _skip(plan, store, sink)
    if plan.uki:
        from modpkg.image.uki import find_stub  # noqa: PLC0415 - few images have one

        find_stub(plan.image.architecture)
    with store.lock(f"image-{plan.directory.name}", sink=sink):
        # Who waited for another process that built the same finds the work done.
        if not _reason(plan):
            return _skip(plan, store, sink)
        with step(f"build image {plan.manifest.name}", sink, reason=plan.reason):
            return _build(plan, store=store, sink=sink, pens=pens)


def _skip(plan: Plan, store: Store, sink: Sink) -> ImageDirectory:
    # The budget may have been lowered since the image was built.
    files = {name: plan.directory / name for name in KEPT_IN_MEMORY}
    there = {name: path for name, path in files.items() if path.exists()}
    check_budget(plan.manifest, plan.modules, there, store=store, sink=sink)
    reason = f"{plan.directory} has {plan.image.version} already"
    sink(StepSkipped(f"build image {plan.manifest.name}", reason))
    return read_record(plan.directory / IMAGE_JSON, ImageDirectory)


def _build(plan: Plan, *, store: Store, sink: Sink, pens: Pens) -> ImageDirectory:
    # What a process that was killed left beside the image; the lock says that none is at work.
    for stale in plan.directory.parent.glob(f".{plan.directory.name}.*"):
        remove_tree(stale)
    mode = namespaces.mode()
    with store.scratch() as work:
        assembled = _assemble(plan, work, store=store, mode=mode, sink=sink)
        files = {**assembled.files, **_site(plan, work, mode=mode, sink=sink)}
        layers = layers_of(plan.modules, assembled, store=store)
        in_memory = {
            name: files[name] for name in (*KEPT_IN_MEMORY, *assembled.layers) if name in files
        } | layers
        check_budget(plan.manifest, plan.modules, in_memory, store=store, sink=sink)
        with new_directory(plan.directory) as directory:
            for name, path in files.items():
                shutil.move(path, directory / name)
            put_layers(layers, assembled, directory)
            record = describe(plan, directory, assembled=assembled, pens=pens, sink=sink)
            share(directory, record, images=plan.directory.parent)
            return record


def _site(plan: Plan, work: Path, *, mode: namespaces.Mode, sink: Sink) -> dict[str, Path]:
    if plan.site is None:
        return {}
    place = work / "site"
    place.mkdir()
    with step("make the site layer", sink):
        job = SiteJob(layer=plan.site, work=place)
        built = SiteBuilt.model_validate(call("site", job, mode=mode, work=work, sink=sink))
    return {SITE: built.file}


def _assemble(plan: Plan, work: Path, *, store: Store, mode: namespaces.Mode, sink: Sink) -> Assembled:
    layers = []
    commands = at_assembly(plan.modules)
    with_trees = needs_trees(commands, plan.ways.merge)
    for module in plan.modules:
        digest = module.fragment.sha256
        tree = unpacked_tree(store, digest, mode=mode, sink=sink) if with_trees else None
        layers.append(Layer(module=module, fragment=store.path(digest), tree=tree))
    # The root is compressed like core: equal modules make equal bits.
    core = next(module for module in plan.modules if module.name == "core")
    place = work / "assembly"
    place.mkdir()
    job = AssembleJob(
        layers=tuple(layers),
        commands=commands,
        image=plan.image,
        level=core.fragment.level,
        block_size=core.fragment.block_size,
        work=place,
        layout=plan.manifest.layout,
        ways=plan.ways,
        drivers=plan.manifest.drivers,
        verity=plan.manifest.verity,
    )
    return Assembled.model_validate(call("assemble", job, mode=mode, work=work, sink=sink))


def _reason(plan: Plan) -> str:
    directory = plan.directory
    if not directory.exists():
        return f"there is no {directory.name}"
    try:
        found = read_record(directory / IMAGE_JSON, ImageDirectory)
    except ModpkgError as error:
        return f"its {IMAGE_JSON} cannot be read: {error.what}"
    return _difference(plan, found) or _damage(directory, found)


def _difference(plan: Plan, found: ImageDirectory) -> str:
    wanted = plan.site.mark if plan.site else None
    differs = {
        "it was made of other modules": found.image != plan.image,
        "the kernel arguments changed": found.kernel_arguments != plan.manifest.kernel_arguments,
        "the site layer changed": found.site != wanted,
        f"it is {found.layout}": found.layout != plan.manifest.layout,
        f"it was made by {found.merge}": found.merge != plan.ways.merge,
        f"its initrd has drivers for {found.drivers}": found.drivers != plan.manifest.drivers,
        "its hash tree is there, or not": bool(found.verity) != plan.manifest.verity,
        "there is no EFI program in it": plan.uki and uki_name(found.name) not in found.files,
    }
    return next((reason for reason, holds in differs.items() if holds), "")


def _damage(directory: Path, found: ImageDirectory) -> str:
    for name, file in found.files.items():
        path = directory / name
        if not path.is_file() or path.stat().st_size != file.size:
            return f"{name} is missing or was cut"
    return ""
