"""Commands for image builders and operators: lock, build, show and boot images; the demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command

if TYPE_CHECKING:
    from modpkg.cli.options import Session
    from modpkg.cli.results import BootDetails, DemoResult, ImageDetails, ImageLockDetails, ImagePlan


@command(
    name="lock",
    helps={"name": "Image to lock.", "dry_run": "Tell what would change and write nothing."},
)
def lock(session: Session, name: str, *, dry_run: bool = False) -> ImageLockDetails:
    """Resolve an image's pins against its channel and write the exact modules to its lock.

    Example: modpkg lock compute
    """
    from modpkg.cli.bench import workplace_of
    from modpkg.cli.results import image_lock_details
    from modpkg.formats.catalogue import load_catalogue
    from modpkg.pipeline.lock_image import find_manifest, lock_image

    catalogue = load_catalogue(session.recipes)
    path, manifest = find_manifest(catalogue, name)
    architecture = catalogue.platforms[manifest.platform].architecture
    places = workplace_of(session).places
    return image_lock_details(
        lock_image(path, manifest, places=places, architecture=architecture, dry_run=dry_run)
    )


@command(
    name="build-image",
    helps={"name": "Image to build from its lock.", "dry_run": "Tell what would be done and do nothing."},
)
def build_image(session: Session, name: str, *, dry_run: bool = False) -> ImageDetails | ImagePlan:
    """Assemble the modules of an image's lock: kernel, initrd and one squashfs.

    Example: modpkg build-image compute
    """
    from modpkg.cli.bench import site_of, workplace_of
    from modpkg.cli.results import image_details, image_plan
    from modpkg.formats.catalogue import load_catalogue
    from modpkg.pipeline.make_image import make_image, plan_named_image

    catalogue = load_catalogue(session.recipes)
    place, store = workplace_of(session), site_of(session).store
    if dry_run:
        return image_plan(plan_named_image(catalogue, name, workplace=place, store=store, sink=session.sink))
    return image_details(*make_image(catalogue, name, workplace=place, store=store, sink=session.sink))


@command(
    name="boot-image",
    helps={
        "name": "Image to boot: its newest directory, or a path to one.",
        "memory": "Memory of the machine in MB.",
        "timeout": "Seconds until a boot counts as failed.",
    },
)
def boot_image(session: Session, name: str, *, memory: int = 2048, timeout: int = 300) -> BootDetails:
    """Boot an image in QEMU to multi-user, and run its modules' tests there.

    Example: modpkg boot-image compute --memory 1024
    """
    from modpkg.cli.bench import workplace_of
    from modpkg.cli.results import boot_details
    from modpkg.node.boot import BootOptions
    from modpkg.pipeline.try_image import try_image

    options = BootOptions(memory_mb=memory, timeout_seconds=timeout)
    place = workplace_of(session)
    return boot_details(try_image(name, workplace=place, options=options, sink=session.sink))


@command(name="show-image", helps={"name": "Image to show, or a path to its directory."})
def show_image(session: Session, name: str) -> ImageDetails:
    """Show an image as it is built: version, modules, files, kernel.

    Example: modpkg show-image compute
    """
    from modpkg.cli.bench import workplace_of
    from modpkg.cli.results import image_details
    from modpkg.node.boot import read_image
    from modpkg.pipeline.make_image import find_image

    directory = find_image(workplace_of(session), name)
    return image_details(directory, read_image(directory))


@command(
    name="demo",
    helps={
        "boot": "Boot the image in QEMU at the end (--no-boot: not).",
        "offline": "Never ask the network: everything has to be in the store.",
    },
)
def demo(session: Session, *, boot: bool = True, offline: bool = False) -> DemoResult:
    """Do the main job from end to end: packages to modules to a repository to an image to a node.

    Example: modpkg demo --no-boot
    """
    from modpkg.cli.bench import now, site_of, workplace_of
    from modpkg.cli.results import demo_result
    from modpkg.pipeline.demo import DemoOrder, run_demo

    order = DemoOrder(
        recipes=session.recipes,
        repository=session.repository,
        workplace=workplace_of(session),
        site=site_of(session, offline=offline),
        now=now(),
        boot=boot,
    )
    return demo_result(run_demo(order, sink=session.sink), order.workplace.repository)
