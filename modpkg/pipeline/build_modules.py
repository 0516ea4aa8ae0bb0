"""Builds modules and writes their packages: recipe -> fragment -> .deb and .rpm.

What makes them is loaded when there is something to make: a run that has nothing to do is over before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import ValidationError

from modpkg.errors import BadInputError
from modpkg.events import Sink, StepSkipped
from modpkg.host.files import digest_file, write_atomically
from modpkg.host.run import Stopwatch
from modpkg.model.document import Record
from modpkg.pipeline.plan import Step, kept_of, plan_builds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.model.module import Module
    from modpkg.pipeline.kept import Kept
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


class Stamp(Record):
    """What a package looked like when it was written: size in bytes, time of modification in nanoseconds."""

    size: int
    time: int


class Note(Record):
    """Which build the .deb and the .rpm of a module are of, and what they looked like when they were written."""

    key: str
    files: tuple[str, str]
    stamps: tuple[Stamp, Stamp]


def build_modules(workshop: Workshop, names: Sequence[str], *, sink: Sink) -> list[BuiltModule]:
    """Build `names` and all below them, as far as the store has not got them, and write their packages."""
    steps = plan_builds(workshop, names)
    if not all(step.done for step in steps):
        from modpkg.pipeline.make_module import fetch  # noqa: PLC0415 - see above

        fetch(workshop, [step for step in steps if not step.done], sink=sink)
    built = []
    for step in steps:
        watch = Stopwatch.started()
        _make(workshop, step, steps, sink)
        built.append(_packages(workshop, step, watch))
    return built


def read_built(workshop: Workshop, name: str) -> Module:
    """Give the module as it is built, be it with --fast.

    Raises BadInputError when it is not, or not with the inputs of now.
    """
    ways = [plan_builds(way, [name])[-1] for way in (workshop, replace(workshop, fast=True))]
    step = next((step for step in ways if step.done), None)
    if step is None:
        raise BadInputError(f"cannot show {name}: {ways[0].reason}", hint=f"invoke build-module {name}")
    return kept_of(workshop, step).module


def _make(workshop: Workshop, step: Step, steps: Sequence[Step], sink: Sink) -> None:
    if step.done:
        sink(StepSkipped(f"build {step.module}", step.reason))
        return
    from modpkg.pipeline.make_module import make_module  # noqa: PLC0415 - see above

    make_module(workshop, step, steps, sink=sink)


def _packages(workshop: Workshop, step: Step, watch: Stopwatch) -> BuiltModule:
    kept = kept_of(workshop, step)
    deb, rpm = _written_packages(workshop, step) or _write_packages(workshop, step, kept)
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


def _note(workshop: Workshop, step: Step) -> Path:
    # A small file tells which build the packages are of; it is written last.
    return workshop.packages / f".{step.module}.json"


def _written_packages(workshop: Workshop, step: Step) -> tuple[Path, Path] | None:
    try:
        note = Note.model_validate_json(_note(workshop, step).read_bytes())
    except (FileNotFoundError, ValidationError):
        # It only saves work: without a note that can be read, the packages are written once more.
        return None
    deb, rpm = (workshop.packages / name for name in note.files)
    # What was cut or changed since is written again. To read all of it would take longer than all else.
    is_whole = note.key == step.key and (_stamp(deb), _stamp(rpm)) == note.stamps
    return (deb, rpm) if is_whole else None


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return Stamp(size=status.st_size, time=status.st_mtime_ns)


def _write_packages(workshop: Workshop, step: Step, kept: Kept) -> tuple[Path, Path]:
    from modpkg.deb.write import write_deb  # noqa: PLC0415 - see above
    from modpkg.formats.payload import check_fragment  # noqa: PLC0415
    from modpkg.rpm.write import write_rpm  # noqa: PLC0415

    if step.done:
        # It may lie in the store for long; one that was made just now was measured just now.
        check_fragment(kept.module, kept.fragment, sha256=digest_file(kept.fragment))
    workshop.packages.mkdir(parents=True, exist_ok=True)
    documents = {"packages.changelog.gz": kept.changes.read_bytes()}
    deb = write_deb(kept.module, fragment=kept.fragment, documents=documents, directory=workshop.packages)
    rpm = write_rpm(kept.module, fragment=kept.fragment, documents=documents, directory=workshop.packages)
    stamps = [stamp for stamp in map(_stamp, (deb, rpm)) if stamp]
    note = {"key": step.key, "files": (deb.name, rpm.name), "stamps": stamps}
    write_atomically(_note(workshop, step), Note.model_validate(note).model_dump_json())
    return deb, rpm
