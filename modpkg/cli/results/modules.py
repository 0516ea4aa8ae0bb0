"""What commands about documents and modules answer: small frozen values. Nothing is worked out here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.formats.catalogue import Catalogue
    from modpkg.model.module import Module
    from modpkg.pipeline.build_modules import BuiltModule
    from modpkg.pipeline.lock_platform import Locked
    from modpkg.pipeline.plan import Step
    from modpkg.pipeline.release_module import Released


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


def catalogue_result(catalogue: Catalogue) -> CatalogueResult:
    """Tell what a catalogue holds."""
    return CatalogueResult(
        platforms=tuple(sorted(catalogue.platforms)),
        modules=tuple(sorted(catalogue.recipes)),
        images=tuple(sorted(catalogue.manifests)),
    )


def platform_lock_result(locked: Locked) -> PlatformLockResult:
    """Tell what a lock of a platform changes."""
    packages = {package for module in locked.lock.modules for package in locked.lock.needed_for(module)}
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseResult:
    """Modules that were released."""

    released: tuple[Released, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleResult:
    """All about one built module; paths only if asked for."""

    name: str
    version: str
    summary: str
    platform: str
    architecture: str
    marks: tuple[str, ...]
    lies_on: tuple[str, ...]
    kernel: str | None
    fragment_bytes: int
    uncompressed_bytes: int
    fragment_sha256: str
    packages: tuple[str, ...]
    accounts: tuple[str, ...]
    tests: tuple[str, ...]
    paths: dict[str, str] | None


def module_result(module: Module, *, paths: bool) -> ModuleResult:
    """Tell all about a module."""
    users = module.state.lines.get("etc/passwd", ())
    return ModuleResult(
        name=module.name,
        version=module.version,
        summary=module.summary,
        platform=module.platform,
        architecture=module.architecture,
        marks=module.marks,
        lies_on=tuple(f"{lower.name} {lower.version}" for lower in module.depends),
        kernel=module.kernel,
        fragment_bytes=module.fragment.size,
        uncompressed_bytes=module.fragment.uncompressed_size,
        fragment_sha256=module.fragment.sha256,
        packages=tuple(f"{package.name} {package.version}" for package in module.packages),
        accounts=tuple(":".join(line.split(":")[0:3:2]) for line in users),
        tests=tuple(test.name for test in module.tests),
        paths=dict(module.paths) if paths else None,
    )
