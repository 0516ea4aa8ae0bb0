"""Makes one module that the store has not got: packages fetched, tree built apart, fragment stored.

It decides nothing: what has to be made, and why, says the plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.events import Sink, Warned
from modpkg.formats.catalogue import below
from modpkg.host import namespaces
from modpkg.host.steps import step as told
from modpkg.model.module import ChangelogEntry
from modpkg.pipeline.apart import call
from modpkg.pipeline.fetch_packages import fetch_packages
from modpkg.pipeline.kept import RECORDED, find_kept
from modpkg.pipeline.plan import Step, kept_of, latest_name
from modpkg.pipeline.unpacked import unpacked_tree
from modpkg.rootfs.job import BuildJob, Built, LowerTree

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.pipeline.workshop import Workshop


def fetch(workshop: Workshop, steps: Sequence[Step], *, sink: Sink) -> None:
    """Bring the packages of all steps into the store."""
    modules = [step.module for step in steps]
    fetch_packages(workshop.lock, modules, platform=workshop.platform, site=workshop.site, sink=sink)


def make_module(workshop: Workshop, step: Step, steps: Sequence[Step], *, sink: Sink) -> None:
    """Make the module of `step`, whose lower modules, all of `steps`, are made."""
    mode = namespaces.mode()
    # Who waited for another process that built the same finds its work done.
    with workshop.store.lock(f"build-{step.key}", sink=sink):
        if find_kept(workshop.store, step.key) is None:
            with told(f"build {step.module}", sink, reason=step.reason):
                _build(workshop, step, steps, mode, sink)
    if "unreleased" in step.marks:
        sink(
            Warned(
                f"{step.module} {step.version} is not released: its inputs differ from its changelog's",
                hint=f"invoke release-module {step.module} --message TEXT",
            )
        )


def _build(workshop: Workshop, step: Step, steps: Sequence[Step], mode: namespaces.Mode, sink: Sink) -> None:
    store = workshop.store
    lower = tuple(_lower(workshop, low, mode, sink) for low in _below(workshop, step, steps))
    with store.scratch() as scratch:
        job = _job(workshop, step, lower, scratch, mode)
        built = Built.model_validate(call("build", job, mode=mode, work=scratch, sink=sink))
        receipts = {part: store.add(getattr(built, part)) for part in RECORDED}
    store.record(step.key, {part: receipt.sha256 for part, receipt in receipts.items()})
    store.record(latest_name(workshop, step.module), dict(step.inputs.parts))


def _below(workshop: Workshop, step: Step, steps: Sequence[Step]) -> list[Step]:
    by_name = {other.module: other for other in steps}
    return [by_name[name] for name in below(workshop.catalogue, step.module)]


def _lower(workshop: Workshop, step: Step, mode: namespaces.Mode, sink: Sink) -> LowerTree:
    kept = kept_of(workshop, step)
    tree = unpacked_tree(workshop.store, kept.module.fragment.sha256, mode=mode, sink=sink)
    return LowerTree(module=kept.module, tree=tree)


def _job(
    workshop: Workshop, step: Step, lower: tuple[LowerTree, ...], scratch: Path, mode: namespaces.Mode
) -> BuildJob:
    catalogue, store = workshop.catalogue, workshop.store
    folder = catalogue.recipes[step.module]
    packages = workshop.lock.modules[step.module]
    entries = (entry.model_dump(exclude={"inputs"}) for entry in folder.changelog.entries)
    return BuildJob(
        recipe=folder.recipe,
        recipe_path=folder.directory / "recipe.yaml",
        platform=workshop.platform,
        platform_path=catalogue.root / "platforms" / f"{workshop.platform.name}.yaml",
        version=step.version,
        source_date_epoch=folder.changelog.newest.seconds,
        inputs=step.inputs.digest,
        marks=step.marks,
        changelog=tuple(ChangelogEntry(**entry) for entry in entries),
        packages=packages,
        files={package.sha256: store.path(package.sha256) for package in packages},
        below=lower,
        level=step.level,
        work=scratch,
        trees=store.trees(mode),
    )
