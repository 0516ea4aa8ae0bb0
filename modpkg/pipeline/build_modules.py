"""Builds modules and writes their packages: recipe -> fragment -> .deb and .rpm."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.deb.write import write_deb
from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Sink, StepFinished, StepSkipped, StepStarted, Warned
from modpkg.formats.catalogue import below
from modpkg.host import namespaces
from modpkg.host.files import write_atomically
from modpkg.host.run import Stopwatch
from modpkg.model.module import ChangelogEntry
from modpkg.pipeline.apart import call
from modpkg.pipeline.fetch_packages import fetch_packages
from modpkg.pipeline.kept import Kept, find_kept
from modpkg.pipeline.plan import Step, latest_name, plan_builds
from modpkg.pipeline.unpacked import unpacked_tree
from modpkg.rootfs.job import BuildJob, Built, LowerTree
from modpkg.rpm.write import write_rpm

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.model.module import Module
    from modpkg.pipeline.workshop import Workshop


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltModule:
    """One module with its packages; times in seconds. `was_built` is false when there was nothing to do."""

    module: Module
    module_path: Path
    deb: Path
    rpm: Path
    was_built: bool
    reason: str
    seconds: float
    cpu_seconds: float


def build_modules(workshop: Workshop, names: Sequence[str], *, sink: Sink) -> list[BuiltModule]:
    """Build `names` and all below them, as far as the store has not got them, and write their packages."""
    steps = plan_builds(workshop, names)
    built: dict[str, BuiltModule] = {}
    if not all(step.done for step in steps):
        _fetch(workshop, [step for step in steps if not step.done], sink)
    for step in steps:
        watch = Stopwatch.started()
        _make(workshop, step, steps, sink)
        built[step.module] = _packages(workshop, step, watch)
    return list(built.values())


def read_built(workshop: Workshop, name: str) -> Module:
    """Give the module as it is built; raises BadInputError when it is not, or not with the inputs of now."""
    step = plan_builds(workshop, [name])[-1]
    kept = find_kept(workshop.store, step.key)
    if kept is None:
        raise BadInputError(f"cannot show {name}: {step.reason}", hint=f"invoke build-module {name}")
    return kept.module


def _fetch(workshop: Workshop, steps: Sequence[Step], sink: Sink) -> None:
    modules = [step.module for step in steps]
    fetch_packages(workshop.lock, modules, platform=workshop.platform, site=workshop.site, sink=sink)


def _make(workshop: Workshop, step: Step, steps: Sequence[Step], sink: Sink) -> None:
    name = f"build {step.module}"
    if step.done:
        sink(StepSkipped(name, step.reason))
        return
    mode = namespaces.mode()
    # Who waited for another process that built the same finds its work done.
    with workshop.store.lock(f"build-{step.key}", sink=sink):
        if find_kept(workshop.store, step.key) is None:
            sink(StepStarted(name, step.reason))
            watch = Stopwatch.started()
            _build(workshop, step, steps, mode, sink)
            sink(StepFinished(name, watch.seconds, watch.cpu_seconds, step.reason))
    if "unreleased" in step.marks:
        hint = f"invoke release-module {step.module} --message TEXT"
        sink(
            Warned(
                f"{step.module} {step.version} is not released: its inputs differ from its changelog's", hint
            )
        )


def _build(workshop: Workshop, step: Step, steps: Sequence[Step], mode: namespaces.Mode, sink: Sink) -> None:
    store = workshop.store
    lower = tuple(_lower(workshop, low, mode, sink) for low in _below(workshop, step, steps))
    with store.scratch() as scratch:
        job = _job(workshop, step, lower, scratch, mode)
        built = Built.model_validate(call("build", job, mode=mode, work=scratch, sink=sink))
        fragment = store.add(built.fragment)
        module = store.add(built.module)
    store.record(step.key, {"module": module.sha256, "fragment": fragment.sha256})
    store.record(latest_name(workshop, step.module), dict(step.inputs.parts))


def _below(workshop: Workshop, step: Step, steps: Sequence[Step]) -> list[Step]:
    by_name = {other.module: other for other in steps}
    return [by_name[name] for name in below(workshop.catalogue, step.module)]


def _lower(workshop: Workshop, step: Step, mode: namespaces.Mode, sink: Sink) -> LowerTree:
    kept = _kept(workshop, step)
    tree = unpacked_tree(workshop.store, kept.module.fragment.sha256, mode=mode, sink=sink)
    return LowerTree(module=kept.module_path, tree=tree)


def _kept(workshop: Workshop, step: Step) -> Kept:
    kept = find_kept(workshop.store, step.key)
    if kept is None:
        raise ModpkgError(f"internal error: {step.module} {step.version} is not in the store after its build")
    return kept


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


def _packages(workshop: Workshop, step: Step, watch: Stopwatch) -> BuiltModule:
    kept = _kept(workshop, step)
    deb, rpm = _write_packages(workshop, step, kept.module, kept.fragment)
    return BuiltModule(
        module=kept.module,
        module_path=kept.module_path,
        deb=deb,
        rpm=rpm,
        was_built=not step.done,
        reason=step.reason,
        seconds=watch.seconds,
        cpu_seconds=watch.cpu_seconds,
    )


def _write_packages(workshop: Workshop, step: Step, module: Module, fragment: Path) -> tuple[Path, Path]:
    # A small file tells which build the packages are of; it is written last.
    note = workshop.packages / f".{step.module}.json"
    wanted = {"key": step.key}
    if note.exists():
        known = json.loads(note.read_bytes())
        paths = [workshop.packages / name for name in known["files"]]
        if known["key"] == step.key and all(path.exists() for path in paths):
            return paths[0], paths[1]
    workshop.packages.mkdir(parents=True, exist_ok=True)
    deb = write_deb(module, fragment=fragment, documents={}, directory=workshop.packages)
    rpm = write_rpm(module, fragment=fragment, documents={}, directory=workshop.packages)
    paths = [deb.path, rpm.path]
    write_atomically(note, json.dumps({**wanted, "files": [path.name for path in paths]}))
    return paths[0], paths[1]
