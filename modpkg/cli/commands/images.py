"""Commands about images: lock, build, show, boot them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command

if TYPE_CHECKING:
    from modpkg.cli.image_results import BootResult, ImageLockResult, ImagePlanResult, ImageResult
    from modpkg.cli.options import Session

MANIFEST_HELP = "Image, as recipes/images names it."
IMAGE_HELP = "Image, as recipes/images names it, or the path of an image directory."


@command(
    helps={"image": MANIFEST_HELP, "dry_run": "Tell what would change, and write nothing."},
)
def lock(session: Session, image: str, *, dry_run: bool = False) -> ImageLockResult:
    """Choose exact versions of an image's modules from its channel, and write its lock.

    Example: modpkg lock compute --dry-run
    """
    from modpkg.cli.image_results import image_lock_result
    from modpkg.formats.catalogue import load_catalogue
    from modpkg.pipeline.lock_image import find_manifest, lock_image
    from modpkg.pipeline.workplace import Workplace

    catalogue = load_catalogue(session.recipes)
    path, manifest = find_manifest(catalogue, image)
    locked = lock_image(
        path,
        manifest,
        places=Workplace(session.work).places,
        architecture=catalogue.platforms[manifest.platform].architecture,
        dry_run=dry_run,
    )
    return image_lock_result(locked)


@command(
    helps={"image": MANIFEST_HELP, "dry_run": "Tell whether it would be built and why, and build nothing."},
)
def build_image(session: Session, image: str, *, dry_run: bool = False) -> ImageResult | ImagePlanResult:
    """Build the image that a lock describes: kernel, initrd, one root.squashfs, and what is known of them.

    Example: modpkg build-image compute
    """
    from modpkg.cli.image_results import image_plan_result, image_result
    from modpkg.pipeline import build_image as pipeline
    from modpkg.pipeline.opening import open_image
    from modpkg.pipeline.site import Site
    from modpkg.pipeline.workplace import Workplace

    site, workplace = Site.of(session.environment), Workplace(session.work)
    plan = open_image(session.recipes, image, workplace=workplace, site=site, sink=session.sink)
    if dry_run:
        return image_plan_result(plan)
    about = pipeline.build_image(plan, store=site.store, sink=session.sink)
    return image_result(plan.directory, about)


@command(
    helps={
        "image": IMAGE_HELP,
        "memory_mb": "Memory of the machine, in MB.",
        "cpus": "Processors of the machine.",
        "timeout": "Seconds until every test has to be run.",
        "accel": "QEMU's accelerator: tcg works everywhere, kvm is quick.",
    }
)
def boot_image(
    session: Session,
    image: str,
    *,
    memory_mb: int = 2048,
    cpus: int = 2,
    timeout: int = 300,
    accel: str = "tcg",
) -> BootResult:
    """Boot an image in a virtual machine, run its modules' tests there, and tell how it went.

    Example: modpkg boot-image compute --memory-mb 4096
    """
    from modpkg.cli.image_results import boot_result
    from modpkg.cli.images import find_image
    from modpkg.node import boot
    from modpkg.pipeline.workplace import Workplace

    workplace = Workplace(session.work)
    directory = find_image(workplace.images, image)
    options = boot.BootOptions(memory_mb=memory_mb, cpus=cpus, timeout_seconds=timeout, accel=accel)
    about = boot.read_image(directory)
    report = boot.boot_image(directory, options=options, work=workplace.boot(about.name), sink=session.sink)
    boot.require_healthy(report, about)
    return boot_result(about, report)


@command(helps={"image": IMAGE_HELP})
def show_image(session: Session, image: str) -> ImageResult:
    """Show an image that was built: version, modules, files with size and digest.

    Example: modpkg show-image compute
    """
    from modpkg.cli.image_results import image_result
    from modpkg.cli.images import find_image, read_image
    from modpkg.pipeline.workplace import Workplace

    directory = find_image(Workplace(session.work).images, image)
    return image_result(directory, read_image(directory))
