"""Proves an image: what it names is fetched, assembled again apart from all caches, and compared to the byte."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError, machine_error
from modpkg.host import namespaces
from modpkg.host.files import receipt_of
from modpkg.host.run import Stopwatch
from modpkg.host.steps import step
from modpkg.image.job import Ways
from modpkg.model.manifest import Manifest, ModulePin
from modpkg.model.module import ASSEMBLY_FORMAT
from modpkg.model.version import ImageVersion
from modpkg.pipeline.borrowed_store import borrowed_store
from modpkg.pipeline.build_image import build_image, plan_image
from modpkg.pipeline.differing_files import Suspects, differing_files, image_files
from modpkg.pipeline.dress_image import dress
from modpkg.pipeline.verification import Difference, Verification

if TYPE_CHECKING:
    from modpkg.events import Sink
    from modpkg.model.image import ImageDirectory
    from modpkg.pipeline.find_image import FoundImage
    from modpkg.pipeline.known_modules import Shelves

# A manifest has to name a channel; an assembly never asks for it.
NO_CHANNEL: Final = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCase:
    """An image to verify, with its image.json."""

    found: FoundImage
    about: ImageDirectory


def verify_image(case: ImageCase, *, shelves: Shelves, sink: Sink) -> Verification:
    """Build the image again and compare. What keeps it from being built is no verdict, but a reason.

    Nothing outside of the store's scratch space is written.
    """
    watch = Stopwatch.started()
    blank = Verification(label=case.found.label, path=case.found.path, verdict="cannot tell")
    try:
        taken, differences = _differences(case, shelves, sink)
        subjects = tuple(receipt_of(path) for path in image_files(case.found.path).values())
    except ModpkgError as error:
        return replace(blank, reasons=(str(error),), seconds=watch.seconds)
    except OSError as error:
        refused = machine_error(error)
        if refused is None:
            raise
        return replace(blank, reasons=(str(refused),), seconds=watch.seconds)
    return replace(
        blank,
        verdict="different" if differences else "equal",
        differences=differences,
        taken=taken,
        subjects=subjects,
        seconds=watch.seconds,
    )


def _differences(
    case: ImageCase, shelves: Shelves, sink: Sink
) -> tuple[tuple[str, ...], tuple[Difference, ...]]:
    _check_format(case.about)
    known = shelves.find(case.found.wanted)
    with step("check the fragments", sink):
        digests = [shelves.fragment(one).name for one in known]
    modules = [one.module for one in known]
    with borrowed_store(shelves.store, digests) as store:
        # The same way, and read back whole: a proof is worth the seconds.
        ways = Ways(merge=case.about.merge, verify="full")
        plan = plan_image(manifest_of(case.about), modules, images=store.root / "images", ways=ways)
        build_image(plan, store=store, sink=sink)
        taken = dress(plan.directory, case.found.path, case.about)
        with step("compare", sink), store.scratch() as work:
            suspects = Suspects(modules=tuple(modules), mode=namespaces.mode(), work=work, sink=sink)
            return taken, differing_files(image_files(plan.directory), image_files(case.found.path), suspects)


def _check_format(about: ImageDirectory) -> None:
    found = about.image.assembly_format
    if found != ASSEMBLY_FORMAT:
        raise ModpkgError(
            f"this modpkg knows the rules of assembly {ASSEMBLY_FORMAT}, the image was made by rules {found}",
            hint="use the modpkg that made it, or a newer one",
        )


def manifest_of(about: ImageDirectory) -> Manifest:
    """Give the manifest that an image would be built from, each module pinned exactly."""
    image = about.image
    return Manifest(
        name=about.name,
        platform=image.platform,
        channel=NO_CHANNEL,
        modules=tuple(ModulePin(name=one.name, version=one.version) for one in image.modules),
        kernel_arguments=about.kernel_arguments,
        epoch=ImageVersion.parse(image.version).epoch,
        layout=about.layout,
        drivers=about.drivers,
        verity=about.verity is not None,
    )
