"""What the demo answers: small frozen values. Nothing is worked out here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.cli.results.images import BootResult, boot_result
from modpkg.cli.results.modules import BuiltResult, built_result

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.pipeline.demo import Demo, StepTime


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
        modules=tuple(built_result(one) for one in demo.modules),
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
