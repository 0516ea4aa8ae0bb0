"""What commands about repositories and the demo answer. Nothing is worked out here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from modpkg.cli.image_results import BootResult, boot_result
from modpkg.cli.module_results import BuildStep, BuiltResult, built_result

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from modpkg.apt.index import PublishedChannel
    from modpkg.model.repository import Places
    from modpkg.pipeline.demo import Demo
    from modpkg.pipeline.pairs import Identity
    from modpkg.pipeline.publish import Published, PublishPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageResult:
    """One package of a channel; it is there as .deb and as .rpm."""

    package: str
    version: str
    architecture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationPlan:
    """What would be published; with modules `to_build` first, what follows is not known yet."""

    to_build: tuple[str, ...]
    is_needed: bool
    reason: str
    added: tuple[PackageResult, ...] = ()
    present: tuple[PackageResult, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationResult:
    """The state of a channel after a publication, and where clients find it."""

    channel: str
    snapshot: str
    date: str
    added: tuple[PackageResult, ...]
    present: tuple[PackageResult, ...]
    key: str
    public_key: Path
    apt: Path
    yum: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryResult:
    """What a channel holds, for one architecture."""

    channel: str
    snapshot: str
    date: str
    valid_until: str
    key: str
    directory: Path
    packages: tuple[PackageResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoImage:
    """The image of the demo; `sha256` and `bytes` are those of root.squashfs."""

    name: str
    version: str
    directory: Path
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """Everything that the demo made."""

    modules: tuple[BuiltResult, ...]
    repository: Path
    channel: str
    image: DemoImage
    boot: BootResult | None
    steps: tuple[BuildStep, ...]


def publication_plan(to_build: tuple[str, ...], plan: PublishPlan | None) -> PublicationPlan:
    """Tell what would be published."""
    if plan is None:
        reason = f"{', '.join(to_build)} would be built first"
        return PublicationPlan(to_build=to_build, is_needed=True, reason=reason)
    added = (*(pair.identity for pair in plan.add), *(pair.identity for pair in plan.reuse))
    return PublicationPlan(
        to_build=(),
        is_needed=plan.is_needed,
        reason=plan.reason,
        added=_packages(added),
        present=_packages(plan.present),
    )


def publication_result(published: Published) -> PublicationResult:
    """Tell what was published."""
    return PublicationResult(
        channel=published.channel,
        snapshot=published.snapshot,
        date=_moment(published.date),
        added=_packages(published.added),
        present=_packages(published.present),
        key=published.key,
        public_key=published.public_key,
        apt=published.release,
        yum=published.mirrorlist,
    )


def repository_result(channel: str, places: Places, found: PublishedChannel) -> RepositoryResult:
    """Tell what a channel holds."""
    return RepositoryResult(
        channel=channel,
        snapshot=found.snapshot,
        date=_moment(found.date),
        valid_until=_moment(found.valid_until),
        key=found.key,
        directory=places.www,
        packages=tuple(
            PackageResult(
                package=entry.name, version=str(entry.version), architecture=entry.control["Architecture"]
            )
            for entry in found.entries
        ),
    )


def demo_result(demo: Demo) -> DemoResult:
    """Tell what the demo made."""
    root = demo.image.files["root.squashfs"]
    return DemoResult(
        modules=tuple(built_result(one) for one in demo.modules),
        repository=demo.published.www,
        channel=demo.published.channel,
        image=DemoImage(
            name=demo.image.name,
            version=demo.image.image.version,
            directory=demo.directory,
            sha256=root.sha256,
            bytes=root.size,
        ),
        boot=boot_result(demo.image, demo.boot) if demo.boot else None,
        steps=tuple(
            BuildStep(name=step.name, seconds=step.seconds, cpu_seconds=step.cpu_seconds, reason=step.reason)
            for step in demo.steps
        ),
    )


def _packages(identities: Iterable[Identity]) -> tuple[PackageResult, ...]:
    return tuple(
        PackageResult(package=one.name, version=str(one.version), architecture=one.architecture)
        for one in sorted(identities)
    )


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
