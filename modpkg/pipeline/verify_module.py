"""Proves one module: built again from the platform's lock, what the store has of it ignored, compared to the byte."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from modpkg.deb import read as deb_read
from modpkg.deb.write import write_deb
from modpkg.errors import BadInputError, ModpkgError, machine_error
from modpkg.host import namespaces
from modpkg.host.files import Receipt, receipt_of
from modpkg.host.run import Stopwatch
from modpkg.host.steps import step
from modpkg.image.compare import first_difference
from modpkg.pipeline.borrowed_store import borrowed_store
from modpkg.pipeline.build_modules import build_modules
from modpkg.pipeline.compare_squashfs import compare_squashfs
from modpkg.pipeline.identity import Identity
from modpkg.pipeline.kept import Kept, find_kept
from modpkg.pipeline.make_module import fetch, make_module
from modpkg.pipeline.plan import Step, plan_builds
from modpkg.pipeline.verification import Difference, Verification
from modpkg.rpm import read as rpm_read
from modpkg.rpm.write import write_rpm
from modpkg.yum.read import header_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from modpkg.events import Sink
    from modpkg.model.module import Module
    from modpkg.pipeline.workshop import Workshop

FRAGMENT: Final = "fragment.squashfs"
MODULE: Final = "module.json"
SHOWN: Final = 60
REASON: Final = "its bits are to be compared"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleCase:
    """A module to verify: what was found of it, and its packages as far as there are some."""

    module: Module
    path: Path
    fragment: Path
    packages: tuple[Path, ...]

    @property
    def label(self) -> str:
        """Name and version, for people."""
        return f"{self.module.name} {self.module.version}"


def case_of_package(path: Path, *, scratch: Path) -> ModuleCase:
    """Take a package, .deb or .rpm, as what is to be verified; its fragment goes to `scratch`."""
    reader = rpm_read if path.suffix == ".rpm" else deb_read
    module, fragment = reader.read_module(path), scratch / "found.squashfs"
    reader.extract_fragment(path, fragment)
    return ModuleCase(module=module, path=path, fragment=fragment, packages=(path,))


def case_of_store(workshop: Workshop, name: str) -> ModuleCase:
    """Take the module that was built here, be it with --fast; raises BadInputError where it is not built."""
    for way in (workshop, replace(workshop, fast=True)):
        kept = find_kept(way.store, plan_builds(way, [name])[-1].key)
        if kept is not None:
            identity = Identity.of_module(kept.module)
            names = (identity.deb_name, identity.rpm_name)
            packages = tuple(path for n in names if (path := workshop.packages / n).is_file())
            return ModuleCase(
                module=kept.module, path=kept.module_path, fragment=kept.fragment, packages=packages
            )
    raise BadInputError(
        f"cannot verify {name}: it is not built, or changed since",
        hint=f"invoke build-module {name}, or name a package",
    )


def verify_module(workshop: Workshop, case: ModuleCase, *, sink: Sink) -> Verification:
    """Build a module again and compare fragment, module.json and packages.

    What keeps it from being built is no verdict, but a reason.
    """
    watch = Stopwatch.started()
    blank = Verification(label=case.label, path=case.path, verdict="cannot tell")
    shop = replace(workshop, fast="fast" in case.module.marks)
    try:
        reasons, differences = _judge(shop, case, sink)
    except ModpkgError as error:
        return replace(blank, reasons=(str(error),), seconds=watch.seconds)
    except OSError as error:
        refused = machine_error(error)
        if refused is None:
            raise
        return replace(blank, reasons=(str(refused),), seconds=watch.seconds)
    if reasons:
        return replace(blank, reasons=tuple(reasons), seconds=watch.seconds)
    return replace(
        blank,
        verdict="different" if differences else "equal",
        differences=tuple(differences),
        subjects=_subjects(case),
        seconds=watch.seconds,
    )


def _subjects(case: ModuleCase) -> tuple[Receipt, ...]:
    return tuple(receipt_of(path) for path in (case.fragment, *case.packages))


def _judge(shop: Workshop, case: ModuleCase, sink: Sink) -> tuple[list[str], list[Difference]]:
    name = case.module.name
    steps = plan_builds(shop, [name])
    if reasons := list(_other_inputs(case.module, steps[-1])):
        return reasons, []
    if lower := [one.module for one in steps[:-1]]:
        build_modules(shop, lower, sink=sink)
    if reasons := list(_other_ground(shop, case.module, steps)):
        return reasons, []
    fetch(shop, steps[-1:], sink=sink)
    with borrowed_store(shop.store, _needed(shop, steps)) as store:
        for low in steps[:-1]:
            store.record(low.key, shop.store.lookup(low.key) or {})
        alone = replace(shop, site=replace(shop.site, store=store, offline=True))
        make_module(alone, replace(steps[-1], kept=None, reason=REASON), steps, sink=sink)
        kept = find_kept(store, steps[-1].key)
        if kept is None:
            raise ModpkgError(f"internal error: {case.label} is not in the scratch store after its build")
        with step("compare", sink), store.scratch() as work:
            return [], list(_differences(case, kept, work=work, sink=sink))


def _other_inputs(module: Module, plan: Step) -> Iterator[str]:
    if plan.version != module.version:
        yield f"the recipes here are those of {module.name} {plan.version}, not of {module.version}"
    elif plan.inputs.digest != module.inputs:
        yield (
            f"{module.name} {module.version} was built from other inputs than there are here: its recipe, the "
            f"platform's lock, or the versions of mksquashfs and zstd differ"
        )


def _other_ground(shop: Workshop, module: Module, steps: Sequence[Step]) -> Iterator[str]:
    # What lies below decides the bits too: it has to be the very modules that this one was built on.
    wanted = {low.name: low.fragment for low in module.depends}
    for low in steps[:-1]:
        kept = find_kept(shop.store, low.key)
        found = kept.module.fragment.sha256 if kept else "nothing"
        if wanted.get(low.module) != found:
            yield (
                f"{module.name} {module.version} was built on the fragment {wanted.get(low.module, '-')[:12]} of "
                f"{low.module}, here it is {found[:12]}; verify {low.module} first"
            )


def _needed(shop: Workshop, steps: Sequence[Step]) -> Iterator[str]:
    yield from (package.sha256 for package in shop.lock.modules[steps[-1].module])
    for low in steps[:-1]:
        record = shop.store.lookup(low.key) or {}
        yield from (str(value) for value in record.values())


def _differences(case: ModuleCase, kept: Kept, *, work: Path, sink: Sink) -> Iterator[Difference]:
    yield from _fragment(case, kept, work=work, sink=sink)
    yield from _fields(case.module, kept.module)
    documents = {"packages.changelog.gz": kept.changes.read_bytes()}
    for found in case.packages:
        writer = write_rpm if found.suffix == ".rpm" else write_deb
        again = writer(kept.module, fragment=kept.fragment, documents=documents, directory=work)
        yield from _package(case.module, again, found)


def _fragment(case: ModuleCase, kept: Kept, *, work: Path, sink: Sink) -> Iterator[Difference]:
    offset = first_difference(kept.fragment, case.fragment)
    if offset is None:
        return
    compared = compare_squashfs(kept.fragment, case.fragment, work=work, mode=namespaces.mode(), sink=sink)
    for one in compared.differences:
        place = _difference(case.module, FRAGMENT, one.kind, one.expected, one.found)
        yield replace(place, path=f"/{one.path}", offset=one.offset)
    if compared.damage or not compared.differences:
        kind = "damage" if compared.damage else "order"
        found = compared.damage or "the same tree, in other bytes"
        yield replace(
            _difference(case.module, FRAGMENT, kind, "what the packages make", found), offset=offset
        )


def _fields(found: Module, expected: Module) -> Iterator[Difference]:
    ours, theirs = expected.model_dump(mode="json"), found.model_dump(mode="json")
    for name in sorted(ours):
        # Its paths and its fragment were compared one by one.
        if ours[name] != theirs[name] and name not in {"paths", "fragment"}:
            words = (_shortened(ours[name]), _shortened(theirs[name]))
            yield replace(_difference(found, MODULE, "content", *words), path=f"/{name}")


def _package(module: Module, again: Path, found: Path) -> Iterator[Difference]:
    if found.suffix == ".rpm":
        # A publication adds its signature: header and payload are covered by the digest of the unsigned header.
        ours, theirs = (header_digest(path) for path in (again, found))
        if ours != theirs:
            yield _difference(module, found.name, "content", f"header {ours[:12]}", f"header {theirs[:12]}")
        return
    offset = first_difference(again, found)
    if offset is not None:
        words = (f"{again.stat().st_size} bytes", f"{found.stat().st_size} bytes")
        yield replace(_difference(module, found.name, "content", *words), offset=offset)


def _difference(module: Module, file: str, kind: str, expected: str, found: str) -> Difference:
    return Difference(
        file=file,
        path="",
        module=module.name,
        version=module.version,
        part="fragment",
        kind=kind,
        expected=expected,
        found=found,
    )


def _shortened(value: object) -> str:
    text = str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
