"""What an image says about itself: os-release, image.json, its packages and changes. Nothing names the image.

Equal modules must be equal bits, so all of this is a function of the modules alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.model.image import Image, ImageModule
from modpkg.model.version import ModuleVersion, image_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from modpkg.model.module import Module

OS_RELEASE: Final = "usr/lib/os-release"
IMAGE_JSON: Final = "usr/lib/modpkg/image.json"
DOCUMENTS: Final = "usr/share/doc/modpkg-image"


def image_of(modules: Sequence[Module]) -> Image:
    """Give the identity of the image that modules make; one of them is core.

    The epoch of its version is the manifest's, so it is not in here.
    """
    core = next(module for module in modules if module.name == "core")
    versions = {module.name: ModuleVersion.parse(module.version) for module in modules}
    version = image_version(core.platform, core.architecture, versions)
    return Image(
        assembly_format=core.assembly_format,
        version=str(version),
        platform=core.platform,
        architecture=core.architecture,
        modules=tuple(
            ImageModule(name=m.name, version=m.version, fragment=m.fragment.sha256, size=m.fragment.size)
            for m in sorted(modules, key=lambda module: module.name)
        ),
        marks=tuple(sorted({mark for module in modules for mark in module.marks})),
    )


def os_release_text(text: str, image: Image) -> str:
    """Give the distribution's os-release with the version of the image (os-release(5))."""
    lines = [line for line in text.split("\n") if line and not line.startswith("IMAGE_VERSION=")]
    return "\n".join([*lines, f'IMAGE_VERSION="{image.version}"', ""])


def packages_text(modules: Sequence[Module]) -> str:
    """List all packages: name, version, architecture, module."""
    rows = sorted({(p.name, p.version, p.architecture, m.name) for m in modules for p in m.packages})
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    lines = (
        " ".join([*(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)), row[3]])
        for row in rows
    )
    return "".join(f"{line}\n" for line in lines)


def changelog_text(modules: Sequence[Module], image: Image) -> str:
    """List the changes of all modules, newest first in each."""
    lines = [f"Image {image.version} ({image.platform}, {image.architecture})"]
    for module in sorted(modules, key=lambda module: module.name):
        lines += ["", f"{module.name} {module.version}: {module.summary}", *_changes(module)]
    return "\n".join([*lines, ""])


def _changes(module: Module) -> Iterator[str]:
    for entry in module.changelog:
        yield f"  {entry.version}, {entry.date}, {entry.author}, urgency {entry.urgency}"
        for change in entry.changes:
            first, *rest = change.split("\n")
            yield f"    * {first}"
            yield from (f"      {line}" for line in rest)
