"""What the demo answers: small frozen values. Nothing is worked out here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from modpkg.cli.render import FOR_PEOPLE
from modpkg.cli.results.images import Stage, TestOutcome, boot_result
from modpkg.cli.results.modules import built_result

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.pipeline.build_modules import BuiltModule
    from modpkg.pipeline.demo import Demo, StepTime


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoModule:
    """One module of the demo with its packages."""

    name: str
    version: str
    packages: int = field(metadata=FOR_PEOPLE)
    fragment_sha256: str
    fragment_bytes: int
    uncompressed_bytes: int = field(metadata=FOR_PEOPLE)
    deb: Path
    rpm: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoBoot:
    """The node of the demo; of its failed units those that wait for keys of the site had to fail."""

    multi_user_seconds: float
    failed_units: tuple[str, ...]
    tests: tuple[TestOutcome, ...]
    waits_for_site: tuple[str, ...] = field(metadata=FOR_PEOPLE)
    memory_mb: int = field(metadata=FOR_PEOPLE)
    timeline: tuple[Stage, ...] = field(metadata=FOR_PEOPLE)
    console: Path = field(metadata=FOR_PEOPLE)


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

    modules: tuple[DemoModule, ...]
    repository: Path
    channel: str
    image: DemoImage
    boot: DemoBoot | None
    steps: tuple[StepTime, ...]


def demo_result(demo: Demo, repository: Path) -> DemoResult:
    """Tell what the demo made."""
    root = demo.image.files["root.squashfs"]
    return DemoResult(
        modules=tuple(_module(one) for one in demo.modules),
        repository=repository,
        channel=demo.published.channel,
        image=DemoImage(
            name=demo.image.name,
            version=demo.image.image.version,
            directory=demo.directory,
            sha256=root.sha256,
            bytes=root.size,
        ),
        boot=_boot(demo),
        steps=demo.steps,
    )


def _module(one: BuiltModule) -> DemoModule:
    built = built_result(one)
    return DemoModule(
        name=built.name,
        version=built.version,
        packages=built.packages,
        fragment_sha256=built.fragment_sha256,
        fragment_bytes=built.fragment_bytes,
        uncompressed_bytes=built.uncompressed_bytes,
        deb=built.deb,
        rpm=built.rpm,
    )


def _boot(demo: Demo) -> DemoBoot | None:
    if demo.boot is None:
        return None
    boot = boot_result(demo.image, demo.boot)
    return DemoBoot(
        multi_user_seconds=boot.multi_user_seconds,
        failed_units=boot.failed_units,
        tests=boot.tests,
        waits_for_site=boot.waits_for_site,
        memory_mb=boot.memory_mb,
        timeline=boot.timeline,
        console=boot.console,
    )
