"""What changes from one image to another, at four levels, with what it means for running nodes. Builds nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.image.changes import Layout, file_changes, module_changes, package_changes
from modpkg.image.fixes import security_fixes
from modpkg.image.reboot import Machine, reboot
from modpkg.image.services import service_changes
from modpkg.pipeline.inside_fragments import look_inside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.image.changes import FileChange, ModuleChange, PackageChange
    from modpkg.image.fixes import Fixes
    from modpkg.image.reboot import Reboot
    from modpkg.image.services import ServiceChange
    from modpkg.pipeline.find_image import FoundImage
    from modpkg.pipeline.known_modules import Known, Shelves

ROOT = "root.squashfs"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSide:
    """One of two images; sizes in bytes: of its fragments together, and of its root, None where it is not built."""

    name: str
    version: str
    platform: str
    fragments_size: int
    root_size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDiff:
    """All that changes from `old` to `new`."""

    old: ImageSide
    new: ImageSide
    modules: tuple[ModuleChange, ...]
    packages: tuple[PackageChange, ...]
    files: tuple[FileChange, ...]
    fixes: Fixes
    services: tuple[ServiceChange, ...]
    reboot: Reboot


def diff_images(old: FoundImage, new: FoundImage, *, shelves: Shelves) -> ImageDiff:
    """Compare two images by their modules; raises `MissingModulesError` with all modules that are nowhere."""
    # Both at once: all that is missing is told together, and what both have is read once.
    known = shelves.find(
        {(one.fragment, one.name, one.version): one for one in (*old.wanted, *new.wanted)}.values()
    )
    sides = [_known_of(side, known) for side in (old, new)]
    before, after = ([one.module for one in side] for side in sides)
    layouts = Layout.of(before), Layout.of(after)
    packages = package_changes(before, after)
    files = file_changes(*layouts)
    return ImageDiff(
        old=_side(old, sides[0]),
        new=_side(new, sides[1]),
        modules=module_changes(before, after),
        packages=packages,
        files=files,
        fixes=_fixes(packages, sides[0], sides[1], shelves),
        services=service_changes(*layouts, files, modules=after, inside=look_inside(sides[1], shelves)),
        reboot=reboot(
            Machine(modules=before, layout=layouts[0], arguments=_arguments(old)),
            Machine(modules=after, layout=layouts[1], arguments=_arguments(new)),
            packages,
        ),
    )


def _known_of(image: FoundImage, known: Sequence[Known]) -> list[Known]:
    wanted = {(one.fragment, one.name) for one in image.wanted}
    return [one for one in known if (one.module.fragment.sha256, one.module.name) in wanted]


def _side(image: FoundImage, known: Sequence[Known]) -> ImageSide:
    root = image.about.files.get(ROOT) if image.about else None
    return ImageSide(
        name=image.name,
        version=image.version,
        platform=image.platform,
        fragments_size=sum(one.module.fragment.size for one in known),
        root_size=root.size if root else None,
    )


def _arguments(image: FoundImage) -> tuple[str, ...] | None:
    return image.about.kernel_arguments if image.about else None


def _fixes(
    packages: Sequence[PackageChange], old: Sequence[Known], new: Sequence[Known], shelves: Shelves
) -> Fixes:
    texts = []
    for side in (old, new):
        names = {name for change in packages if change.step in {"up", "down"} for name in change.modules}
        texts.append("\n".join(shelves.changes(one) for one in side if one.module.name in names))
    return security_fixes(packages, old=texts[0], new=texts[1])
