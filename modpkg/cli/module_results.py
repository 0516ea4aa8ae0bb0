"""What commands about documents and modules answer: small frozen values. Nothing is worked out here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.formats.catalogue import below

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.formats.catalogue import Catalogue
    from modpkg.pipeline.build_modules import BuiltModule
    from modpkg.pipeline.lock_platform import Locked
    from modpkg.pipeline.plan import Step
    from modpkg.pipeline.workshop import Workshop


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueResult:
    """What there is below recipes/, by name."""

    platforms: tuple[str, ...]
    modules: tuple[str, ...]
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageChange:
    """What a new lock changes for one package of a module."""

    module: str
    package: str
    change: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformLockResult:
    """A platform's lock: how many packages, and what changed."""

    platform: str
    lock: Path
    is_written: bool
    packages: int
    download_bytes: int
    changes: tuple[PackageChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One module that a plan knows: whether it is to be built, and why."""

    name: str
    version: str
    to_build: bool
    reason: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """What would be built."""

    modules: tuple[PlannedStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltResult:
    """One module with its packages."""

    name: str
    version: str
    packages: int
    fragment_sha256: str
    fragment_bytes: int
    uncompressed_bytes: int
    marks: tuple[str, ...]
    deb: Path
    rpm: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildStep:
    """How long one module took."""

    name: str
    seconds: float
    cpu_seconds: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """The modules that were asked for, with all below them."""

    modules: tuple[BuiltResult, ...]
    steps: tuple[BuildStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackageResult:
    """One package that the platform's lock gives a module."""

    package: str
    version: str
    architecture: str
    download_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleResult:
    """A module: what it is by its recipe, its changelog and the lock."""

    name: str
    version: str
    summary: str
    platform: str
    is_built: bool
    reason: str
    marks: tuple[str, ...]
    inputs: str
    below: tuple[str, ...]
    packages: tuple[LockedPackageResult, ...]
    changes: tuple[str, ...]


def catalogue_result(catalogue: Catalogue) -> CatalogueResult:
    """Tell what a catalogue holds."""
    return CatalogueResult(
        platforms=tuple(sorted(catalogue.platforms)),
        modules=tuple(sorted(catalogue.recipes)),
        images=tuple(sorted(catalogue.manifests)),
    )


def platform_lock_result(locked: Locked) -> PlatformLockResult:
    """Tell what a lock of a platform changes."""
    packages = {package for module in locked.lock.modules.values() for package in module}
    return PlatformLockResult(
        platform=locked.lock.platform,
        lock=locked.path,
        is_written=locked.receipt is not None,
        packages=len(packages),
        download_bytes=sum(package.size for package in packages),
        changes=tuple(
            PackageChange(module=c.module, package=c.package, change=c.kind, old=c.old, new=c.new)
            for c in locked.changes
        ),
    )


def plan_result(steps: Sequence[Step]) -> PlanResult:
    """Tell what a plan of builds would do."""
    return PlanResult(
        modules=tuple(
            PlannedStep(
                name=step.module,
                version=step.version,
                to_build=not step.done,
                reason=step.reason,
                marks=step.marks,
            )
            for step in steps
        )
    )


def module_result(workshop: Workshop, step: Step) -> ModuleResult:
    """Tell what a module is."""
    folder = workshop.catalogue.recipes[step.module]
    return ModuleResult(
        name=step.module,
        version=step.version,
        summary=folder.recipe.summary,
        platform=workshop.platform.name,
        is_built=step.done,
        reason=step.reason,
        marks=step.marks,
        inputs=step.inputs.digest,
        below=below(workshop.catalogue, step.module),
        packages=tuple(
            LockedPackageResult(
                package=one.name,
                version=one.version,
                architecture=one.architecture,
                download_bytes=one.size,
            )
            for one in workshop.lock.modules.get(step.module, ())
        ),
        changes=folder.changelog.newest.changes,
    )


def build_result(built: Sequence[BuiltModule]) -> BuildResult:
    """Tell what was built."""
    return BuildResult(
        modules=tuple(built_result(one) for one in built),
        steps=tuple(
            BuildStep(
                name=f"build {one.module.name}",
                seconds=one.seconds,
                cpu_seconds=one.cpu_seconds,
                reason=one.reason,
            )
            for one in built
        ),
    )


def built_result(one: BuiltModule) -> BuiltResult:
    """Tell what is known of one built module."""
    fragment = one.module.fragment
    return BuiltResult(
        name=one.module.name,
        version=one.module.version,
        packages=len(one.module.packages),
        fragment_sha256=fragment.sha256,
        fragment_bytes=fragment.size,
        uncompressed_bytes=fragment.uncompressed_size,
        marks=one.module.marks,
        deb=one.deb,
        rpm=one.rpm,
    )
