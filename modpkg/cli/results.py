"""What commands answer: small frozen values, made of what the workflows return. Nothing is worked out here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.formats.catalogue import Catalogue
    from modpkg.model.image import ImageDirectory
    from modpkg.node.report import BootReport
    from modpkg.pipeline.build_modules import BuiltModule
    from modpkg.pipeline.lock_platform import Locked
    from modpkg.pipeline.plan import Step


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
class ImageModuleResult:
    """One module of an image."""

    name: str
    version: str
    fragment_sha256: str
    fragment_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """One file of an image directory."""

    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageResult:
    """An image directory."""

    name: str
    version: str
    platform: str
    architecture: str
    directory: Path
    kernel: str
    marks: tuple[str, ...]
    modules: tuple[ImageModuleResult, ...]
    files: tuple[FileResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOutcome:
    """How a module's test ended in a node."""

    module: str
    test: str
    result: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """When a stage of a boot was done, by the node's clock."""

    stage: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BootResult:
    """A node that came up."""

    image: str
    version: str
    multi_user_seconds: float
    memory_mb: int
    failed_units: tuple[str, ...]
    tests: tuple[TestOutcome, ...]
    timeline: tuple[Stage, ...]
    console: Path


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


def build_result(built: Sequence[BuiltModule]) -> BuildResult:
    """Tell what was built."""
    return BuildResult(
        modules=tuple(_built_result(one) for one in built),
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


def _built_result(one: BuiltModule) -> BuiltResult:
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


def image_result(directory: Path, about: ImageDirectory) -> ImageResult:
    """Tell what an image directory holds."""
    return ImageResult(
        name=about.name,
        version=about.image.version,
        platform=about.image.platform,
        architecture=about.image.architecture,
        directory=directory,
        kernel=about.kernel,
        marks=about.image.marks,
        modules=tuple(
            ImageModuleResult(
                name=one.name, version=one.version, fragment_sha256=one.fragment, fragment_bytes=one.size
            )
            for one in about.image.modules
        ),
        files=tuple(
            FileResult(file=name, bytes=file.size, sha256=file.sha256) for name, file in about.files.items()
        ),
    )


def boot_result(about: ImageDirectory, report: BootReport) -> BootResult:
    """Tell how a node came up."""
    return BootResult(
        image=about.name,
        version=about.image.version,
        multi_user_seconds=report.multi_user_seconds,
        memory_mb=report.memory_mb,
        failed_units=report.failed_units,
        tests=tuple(
            TestOutcome(
                module=one.module, test=one.name, result="ok" if one.ok else one.reason, seconds=one.seconds
            )
            for one in report.tests
        ),
        timeline=tuple(Stage(stage=name, seconds=seconds) for seconds, name in report.timeline),
        console=report.console,
    )
