"""What commands about images answer: small frozen values. Nothing is worked out here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.image import ImageDirectory
    from modpkg.node.report import BootReport
    from modpkg.pipeline.build_image import Plan
    from modpkg.pipeline.lock_image import LockedImage


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
    site: str | None
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
    """A node that came up; of its failed units those that wait for keys of the site had to fail."""

    image: str
    version: str
    multi_user_seconds: float
    memory_mb: int
    failed_units: tuple[str, ...]
    waits_for_site: tuple[str, ...]
    tests: tuple[TestOutcome, ...]
    timeline: tuple[Stage, ...]
    console: Path


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
        site=about.site.fingerprint if about.site else None,
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
        waits_for_site=tuple(unit for unit in report.failed_units if unit in about.waits_for_site),
        tests=tuple(
            TestOutcome(
                module=one.module, test=one.name, result="ok" if one.ok else one.reason, seconds=one.seconds
            )
            for one in report.tests
        ),
        timeline=tuple(Stage(stage=name, seconds=seconds) for seconds, name in report.timeline),
        console=report.console,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLockResult:
    """An image's lock and what it changes."""

    name: str
    version: str
    lock: Path
    modules: dict[str, str]
    changes: tuple[str, ...]
    held_back: tuple[str, ...]


def image_lock_result(locked: LockedImage) -> ImageLockResult:
    """Tell what locking an image gave."""
    return ImageLockResult(
        name=locked.lock.name,
        version=locked.lock.version,
        lock=locked.path,
        modules={module.name: module.version for module in locked.lock.modules},
        changes=locked.changes,
        held_back=locked.held_back,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlanResult:
    """What building an image would do."""

    name: str
    version: str
    site: str | None
    directory: Path
    build: bool
    reason: str


def image_plan_result(plan: Plan) -> ImagePlanResult:
    """Tell what building an image would do."""
    return ImagePlanResult(
        name=plan.manifest.name,
        version=plan.image.version,
        site=plan.site.mark.fingerprint if plan.site else None,
        directory=plan.directory,
        build=bool(plan.reason),
        reason=plan.reason or "it is built already",
    )
