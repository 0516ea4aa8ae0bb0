"""Decides which modules have to be built, and why. It reads the store's records and touches nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from modpkg.errors import BadInputError, ModpkgError
from modpkg.formats.canonical import digest_of
from modpkg.formats.catalogue import below, order
from modpkg.formats.words import closest
from modpkg.pipeline.inputs import Inputs, all_inputs, version_of
from modpkg.pipeline.kept import Kept, find_kept
from modpkg.squashfs.pack import FAST_LEVEL, tool_versions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from modpkg.formats.catalogue import Catalogue
    from modpkg.model.module import Mark
    from modpkg.pipeline.workshop import Workshop


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One module: the key of its build, what the store has of it, and the reason in words."""

    module: str
    version: str
    inputs: Inputs
    marks: tuple[Mark, ...]
    level: int
    key: str
    kept: Kept | None = None
    reason: str

    @property
    def done(self) -> bool:
        """Whether the store had it when this was planned."""
        return self.kept is not None


def plan_builds(workshop: Workshop, names: Sequence[str]) -> list[Step]:
    """Plan the builds of `names` and of all modules below them, lower ones first."""
    refuse_unknown(workshop.catalogue, workshop.platform.name, names)
    inputs = all_inputs(workshop.catalogue, workshop.platform, workshop.lock, tools=tool_versions())
    wanted = {*names, *(low for name in names for low in below(workshop.catalogue, name))}
    steps: dict[str, Step] = {}
    for name in order(workshop.catalogue, workshop.platform.name):
        if name in wanted:
            steps[name] = _step(workshop, name, inputs[name], steps)
    return list(steps.values())


def kept_of(workshop: Workshop, step: Step) -> Kept:
    """Give what a step made, once it is made."""
    kept = step.kept or find_kept(workshop.store, step.key)
    if kept is None:
        record = workshop.store.record_path(step.key)
        raise ModpkgError(
            f"cannot use what the store has of {step.module} {step.version}: it was damaged while it was used",
            where=str(record),
            hint=f"look at the disk, remove that file, then: invoke build-module {step.module}",
        )
    return kept


def latest_name(workshop: Workshop, module: str) -> str:
    """Give the name of the record that holds the parts of a module's newest build."""
    return f"latest-{workshop.platform.name}-{module}"


def is_released(workshop: Workshop, module: str, inputs: Inputs) -> bool:
    """Tell whether the newest changelog entry was written for just these inputs."""
    entry = workshop.catalogue.recipes[module].changelog.newest
    return entry.inputs.get(workshop.platform.name) == f"sha256:{inputs.digest}"


def refuse_unknown(catalogue: Catalogue, platform: str, names: Sequence[str]) -> None:
    """Raise BadInputError, with what may be meant, where a platform has no module of a name."""
    known = order(catalogue, platform)
    for name in names:
        if name not in known:
            raise BadInputError(
                f"no module {name!r} for platform {platform}",
                where=str(catalogue.root / "modules"),
                hint=closest(name, known),
            )


def _step(workshop: Workshop, module: str, inputs: Inputs, steps: Mapping[str, Step]) -> Step:
    folder = workshop.catalogue.recipes[module]
    marks: tuple[Mark, ...] = ("fast",) if workshop.fast else ()
    if not is_released(workshop, module, inputs):
        marks = (*marks, "unreleased")
    level = FAST_LEVEL if workshop.fast else workshop.platform.squashfs.level
    key = digest_of(
        {
            "inputs": inputs.digest,
            "version": version_of(folder),
            "marks": list(marks),
            "level": level,
            "below": {low: steps[low].key for low in below(workshop.catalogue, module)},
        }
    )
    kept = find_kept(workshop.store, key)
    return Step(
        module=module,
        version=version_of(folder),
        inputs=inputs,
        marks=marks,
        level=level,
        key=key,
        kept=kept,
        reason="nothing changed since it was built" if kept else _why(workshop, module, inputs, key),
    )


def _why(workshop: Workshop, module: str, inputs: Inputs, key: str) -> str:
    if workshop.store.lookup(key) is not None:
        return "what the store has of it is not whole, or of another modpkg"
    latest: dict[str, Any] | None = workshop.store.lookup(latest_name(workshop, module))
    if latest is None:
        return "it was never built here"
    names = sorted({name for name, _ in latest.items() ^ inputs.parts.items()})
    if not names:
        return "its version, marks or compression changed, or the store lost it"
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more} changed"
