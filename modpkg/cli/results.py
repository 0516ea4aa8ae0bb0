"""What commands answer: flat values whose fields are the keys of the JSON answer and the labels of the text."""

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
    from modpkg.node.report import BootReport, TestResult
    from modpkg.pipeline.build_image import Plan
    from modpkg.pipeline.build_modules import BuiltModule
    from modpkg.pipeline.demo import Demo, StepTime
    from modpkg.pipeline.lock_image import LockedImage
    from modpkg.pipeline.lock_platform import Change, Locked
    from modpkg.pipeline.plan import Step
    from modpkg.pipeline.publish import Published, PublishPlan
    from modpkg.pipeline.release_module import Released


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRecipes:
    """What was checked and found sound."""

    platforms: tuple[str, ...]
    modules: tuple[str, ...]
    images: tuple[str, ...]


def checked_recipes(catalogue: Catalogue) -> CheckedRecipes:
    """Tell what a catalogue without faults holds."""
    return CheckedRecipes(
        platforms=tuple(sorted(catalogue.platforms)),
        modules=tuple(sorted(catalogue.recipes)),
        images=tuple(sorted(catalogue.manifests)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPlatform:
    """A platform's lock: where it is, whether it was written, what it changes."""

    platform: str
    lock: Path
    written: bool
    packages: int
    bytes: int
    changes: tuple[Change, ...]


def locked_platform(locked: Locked) -> LockedPlatform:
    """Tell what locking a platform did."""
    packages = {p.sha256: p.size for module in locked.lock.modules.values() for p in module}
    return LockedPlatform(
        platform=locked.lock.platform,
        lock=locked.path,
        written=locked.receipt is not None,
        packages=len(packages),
        bytes=sum(packages.values()),
        changes=locked.changes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleRow:
    """One built module and its packages."""

    name: str
    version: str
    packages: int
    fragment_bytes: int
    fragment_sha256: str
    marks: tuple[str, ...]
    deb: Path
    rpm: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleList:
    """Built modules, lower ones first."""

    modules: tuple[ModuleRow, ...]


def module_list(built: Sequence[BuiltModule]) -> ModuleList:
    """Tell what a build gave."""
    return ModuleList(modules=tuple(_module_row(one) for one in built))


def _module_row(built: BuiltModule) -> ModuleRow:
    module = built.module
    return ModuleRow(
        name=module.name,
        version=module.version,
        packages=len(module.packages),
        fragment_bytes=module.fragment.size,
        fragment_sha256=module.fragment.sha256,
        marks=module.marks,
        deb=built.deb,
        rpm=built.rpm,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedModule:
    """What a build would do for one module."""

    name: str
    version: str
    build: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModulePlan:
    """What a build would do."""

    plan: tuple[PlannedModule, ...]


def module_plan(steps: Sequence[Step]) -> ModulePlan:
    """Tell what a build would do."""
    rows = (PlannedModule(name=s.module, version=s.version, build=not s.done, reason=s.reason) for s in steps)
    return ModulePlan(plan=tuple(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseList:
    """Modules that were released."""

    released: tuple[Released, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleDetails:
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


def module_details(module: Module, *, paths: bool) -> ModuleDetails:
    """Tell all about a module."""
    users = module.state.lines.get("etc/passwd", ())
    return ModuleDetails(
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
class PublishedPackages:
    """A publication, done or only planned."""

    channel: str
    snapshot: str | None
    added: tuple[str, ...]
    present: tuple[str, ...]
    repository: Path
    key: str | None
    public_key: Path | None


def published_packages(published: Published, repository: Path) -> PublishedPackages:
    """Tell what a publication did."""
    return PublishedPackages(
        channel=published.channel,
        snapshot=published.snapshot,
        added=tuple(map(str, published.added)),
        present=tuple(map(str, published.present)),
        repository=repository,
        key=published.key,
        public_key=published.public_key,
    )


def planned_packages(plan: PublishPlan, repository: Path) -> PublishedPackages:
    """Tell what a publication would do."""
    return PublishedPackages(
        channel=plan.channel,
        snapshot=None,
        added=tuple(str(one.identity) for one in plan.add),
        present=tuple(map(str, plan.present)),
        repository=repository,
        key=None,
        public_key=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLockDetails:
    """An image's lock and what it changes."""

    name: str
    version: str
    lock: Path
    modules: dict[str, str]
    changes: tuple[str, ...]
    held_back: tuple[str, ...]


def image_lock_details(locked: LockedImage) -> ImageLockDetails:
    """Tell what locking an image gave."""
    return ImageLockDetails(
        name=locked.lock.name,
        version=locked.lock.version,
        lock=locked.path,
        modules={module.name: module.version for module in locked.lock.modules},
        changes=locked.changes,
        held_back=locked.held_back,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFileRow:
    """One file of an image directory."""

    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDetails:
    """All about one image."""

    name: str
    version: str
    platform: str
    architecture: str
    kernel: str
    marks: tuple[str, ...]
    directory: Path
    modules: dict[str, str]
    files: tuple[ImageFileRow, ...]


def image_details(directory: Path, about: ImageDirectory) -> ImageDetails:
    """Tell all about an image."""
    rows = (ImageFileRow(file=name, bytes=f.size, sha256=f.sha256) for name, f in sorted(about.files.items()))
    return ImageDetails(
        name=about.name,
        version=about.image.version,
        platform=about.image.platform,
        architecture=about.image.architecture,
        kernel=about.kernel,
        marks=about.image.marks,
        directory=directory,
        modules={module.name: module.version for module in about.image.modules},
        files=tuple(rows),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlan:
    """What building an image would do."""

    name: str
    version: str
    directory: Path
    build: bool
    reason: str


def image_plan(plan: Plan) -> ImagePlan:
    """Tell what building an image would do."""
    return ImagePlan(
        name=plan.manifest.name,
        version=plan.image.version,
        directory=plan.directory,
        build=bool(plan.reason),
        reason=plan.reason or "it is built already",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """When a stage of a boot was done, in seconds since the kernel's start."""

    seconds: float
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BootDetails:
    """How a node came up."""

    multi_user_seconds: float
    memory_mb: int
    failed_units: tuple[str, ...]
    tests: tuple[TestResult, ...]
    timeline: tuple[TimelineRow, ...]
    console: Path


def boot_details(report: BootReport) -> BootDetails:
    """Tell how a node came up."""
    return BootDetails(
        multi_user_seconds=report.multi_user_seconds,
        memory_mb=report.memory_mb,
        failed_units=report.failed_units,
        tests=report.tests,
        timeline=tuple(TimelineRow(seconds=at, stage=stage) for at, stage in report.timeline),
        console=report.console,
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

    modules: tuple[ModuleRow, ...]
    repository: Path
    channel: str
    image: DemoImage
    boot: BootDetails | None
    steps: tuple[StepTime, ...]


def demo_result(demo: Demo, repository: Path) -> DemoResult:
    """Tell what the demo made."""
    root = demo.image.files["root.squashfs"]
    return DemoResult(
        modules=tuple(_module_row(one) for one in demo.modules),
        repository=repository,
        channel=demo.published.channel,
        image=DemoImage(
            name=demo.image.name,
            version=demo.image.image.version,
            directory=demo.directory,
            sha256=root.sha256,
            bytes=root.size,
        ),
        boot=boot_details(demo.boot) if demo.boot else None,
        steps=demo.steps,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDetails:
    """One published channel."""

    channel: str
    snapshot: str
    date: str
    valid_until: str
    key: str
    modules: tuple[str, ...]


def channel_details(name: str, shown: PublishedChannel) -> ChannelDetails:
    """Tell what a channel offers."""
    return ChannelDetails(
        channel=name,
        snapshot=shown.snapshot,
        date=_moment(shown.date),
        valid_until=_moment(shown.valid_until),
        key=shown.key,
        modules=tuple(f"{e.control['Package']} {e.control['Version']}" for e in shown.entries),
    )


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
