"""What commands answer: small frozen values, made of what the workflows return. Nothing is worked out here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.apt.index import PublishedChannel
    from modpkg.formats.catalogue import Catalogue
    from modpkg.model.image import ImageDirectory
    from modpkg.model.module import Module
    from modpkg.node.report import BootReport
    from modpkg.pipeline.build_image import Plan
    from modpkg.pipeline.build_modules import BuiltModule
    from modpkg.pipeline.demo import Demo, StepTime
    from modpkg.pipeline.lock_image import LockedImage
    from modpkg.pipeline.lock_platform import Locked
    from modpkg.pipeline.plan import Step
    from modpkg.pipeline.publish import Published, PublishPlan
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
    paths: dict[str, str]


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
        paths=dict(module.paths) if paths else {},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationResult:
    """A publication, done or only planned."""

    channel: str
    snapshot: str | None
    added: tuple[str, ...]
    present: tuple[str, ...]
    repository: Path
    key: str | None
    public_key: Path | None


def publication_result(published: Published, repository: Path) -> PublicationResult:
    """Tell what a publication did."""
    return PublicationResult(
        channel=published.channel,
        snapshot=published.snapshot,
        added=tuple(map(str, published.added)),
        present=tuple(map(str, published.present)),
        repository=repository,
        key=published.key,
        public_key=published.public_key,
    )


def planned_publication(plan: PublishPlan, repository: Path) -> PublicationResult:
    """Tell what a publication would do."""
    return PublicationResult(
        channel=plan.channel,
        snapshot=None,
        added=tuple(str(one.identity) for one in plan.add),
        present=tuple(map(str, plan.present)),
        repository=repository,
        key=None,
        public_key=None,
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
    directory: Path
    build: bool
    reason: str


def image_plan_result(plan: Plan) -> ImagePlanResult:
    """Tell what building an image would do."""
    return ImagePlanResult(
        name=plan.manifest.name,
        version=plan.image.version,
        directory=plan.directory,
        build=bool(plan.reason),
        reason=plan.reason or "it is built already",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoImage:
    """The image of the demo: digest and size are those of root.squashfs."""

    name: str
    version: str
    directory: Path
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """Everything the demo made; `boot` is None without one."""

    modules: tuple[BuiltResult, ...]
    repository: Path
    channel: str
    image: DemoImage
    boot: BootResult | None
    steps: tuple[StepTime, ...]


def demo_result(demo: Demo, repository: Path) -> DemoResult:
    """Tell what the demo made."""
    root = demo.image.files["root.squashfs"]
    return DemoResult(
        modules=tuple(_built_result(one) for one in demo.modules),
        repository=repository,
        channel=demo.published.channel,
        image=DemoImage(
            name=demo.image.name,
            version=demo.image.image.version,
            directory=demo.directory,
            sha256=root.sha256,
            bytes=root.size,
        ),
        boot=boot_result(demo.image, demo.boot) if demo.boot else None,
        steps=demo.steps,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelResult:
    """One published channel."""

    channel: str
    snapshot: str
    date: str
    valid_until: str
    key: str
    modules: tuple[str, ...]


def channel_result(name: str, shown: PublishedChannel) -> ChannelResult:
    """Tell what a channel offers."""
    return ChannelResult(
        channel=name,
        snapshot=shown.snapshot,
        date=_moment(shown.date),
        valid_until=_moment(shown.valid_until),
        key=shown.key,
        modules=tuple(f"{e.control['Package']} {e.control['Version']}" for e in shown.entries),
    )


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
