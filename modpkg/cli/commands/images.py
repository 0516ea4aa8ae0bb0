"""Commands about images: lock, build, show and boot them; and the demo, which does all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command

if TYPE_CHECKING:
    from modpkg.cli.options import Session
    from modpkg.cli.results.demo import DemoResult
    from modpkg.cli.results.images import BootResult, ImageLockResult, ImagePlanResult, ImageResult
    from modpkg.image.uki import SigningPair
    from modpkg.pipeline.describe_image import Pens

IMAGE_HELP = "Image by name, version, fingerprint or the beginning of one, or the path of its directory."


@command(
    name="lock",
    helps={"name": "Image to lock.", "dry_run": "Tell what would change and write nothing."},
)
def lock(session: Session, name: str, *, dry_run: bool = False) -> ImageLockResult:
    """Resolve an image's pins against its channel and write the exact modules to its lock.

    Example: modpkg lock compute
    """
    from modpkg.cli.results.images import image_lock_result
    from modpkg.formats.catalogue import load_catalogue
    from modpkg.pipeline.image_lock import find_manifest
    from modpkg.pipeline.lock_image import lock_image
    from modpkg.pipeline.workplace import Workplace

    catalogue = load_catalogue(session.recipes)
    path, manifest = find_manifest(catalogue, name)
    architecture = catalogue.platforms[manifest.platform].architecture
    places = Workplace(session.work).places
    return image_lock_result(
        lock_image(path, manifest, places=places, architecture=architecture, dry_run=dry_run)
    )


@command(
    name="build-image",
    helps={
        "name": "Image to build from its lock.",
        "uki": "Make one EFI program of kernel, initrd and command line, also if the manifest has no `uki: true`.",
        "uki_key": "Key in PEM that signs that program for secure boot.",
        "uki_certificate": "Its certificate in PEM.",
        "merge": "How modules become one root: splice (their compressed blocks are copied) or recompress.",
        "verify": "What is read back of a spliced root: list (all but content), or full.",
        "dry_run": "Tell what would be done and do nothing.",
    },
)
def build_image(  # noqa: PLR0913 - each is an option of the command line
    session: Session,
    name: str,
    *,
    uki: bool = False,
    uki_key: str | None = None,
    uki_certificate: str | None = None,
    merge: str = "splice",
    verify: str = "list",
    dry_run: bool = False,
) -> ImageResult | ImagePlanResult:
    """Assemble the modules of an image's lock: kernel, initrd, one squashfs, and the site's layer over it.

    Example: modpkg build-image compute --uki
    """
    from modpkg.cli.results.images import image_plan_result, image_result
    from modpkg.cli.ways import parse_ways
    from modpkg.formats.catalogue import load_images
    from modpkg.pipeline.make_image import Extras, make_image, plan_named_image
    from modpkg.pipeline.site import Site
    from modpkg.pipeline.workplace import Workplace

    catalogue = load_images(session.recipes)
    place, store = Workplace(session.work), Site.of(session.environment).store
    pair, ways = _signing_pair(uki_key, uki_certificate), parse_ways(merge, verify)
    if dry_run:
        plan = plan_named_image(
            catalogue,
            name,
            workplace=place,
            store=store,
            sink=session.sink,
            extras=Extras(uki=uki or pair is not None, ways=ways),
        )
        return image_plan_result(plan)
    extras = Extras(uki=uki or pair is not None, pens=_pens(session, pair), ways=ways)
    return image_result(
        *make_image(catalogue, name, workplace=place, store=store, sink=session.sink, extras=extras)
    )


def _signing_pair(key: str | None, certificate: str | None) -> SigningPair | None:
    if key is None and certificate is None:
        return None
    from pathlib import Path

    from modpkg.errors import BadInputError
    from modpkg.image.uki import SigningPair

    if key is None or certificate is None:
        raise BadInputError(
            "cannot sign the EFI program with one of key and certificate alone",
            hint="give both: --uki-key FILE --uki-certificate FILE",
        )
    pair = SigningPair(key=Path(key), certificate=Path(certificate))
    pair.check()
    return pair


def _pens(session: Session, pair: SigningPair | None) -> Pens:
    from modpkg.formats.documents import load_repository
    from modpkg.pipeline.describe_image import Pens
    from modpkg.pipeline.signing import existing_signer
    from modpkg.pipeline.workplace import Workplace

    if not session.repository.exists():
        # Who only builds images has no repository of their own, and no key of one.
        return Pens(uki=pair)
    document = load_repository(session.repository)
    home = Workplace(session.work).signing_home(session.environ)
    return Pens(sums=existing_signer(document, home=home, sink=session.sink), uki=pair)


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
    from modpkg.cli.results.images import boot_result
    from modpkg.node import boot
    from modpkg.pipeline.images import find_image

    options = boot.BootOptions(memory_mb=memory_mb, cpus=cpus, timeout_seconds=timeout, accel=accel)
    boot.require_possible(options)
    directory = find_image(session.work / "images", image)
    about = boot.read_image(directory)
    report = boot.boot_image(
        directory, options=options, work=session.work / "boot" / directory.name, sink=session.sink
    )
    boot.require_healthy(report, about)
    return boot_result(about, report)


@command(helps={"image": IMAGE_HELP})
def show_image(session: Session, image: str) -> ImageResult:
    """Show an image that was built: version, modules, files with size and digest.

    Example: modpkg show-image compute
    """
    from modpkg.cli.results.images import image_result
    from modpkg.pipeline.images import find_image, read_image

    directory = find_image(session.work / "images", image)
    return image_result(directory, read_image(directory))


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
    from modpkg.cli.clock import now
    from modpkg.cli.results.demo import demo_result
    from modpkg.pipeline.demo import DemoOrder, run_demo
    from modpkg.pipeline.site import Site
    from modpkg.pipeline.workplace import Workplace

    order = DemoOrder(
        recipes=session.recipes,
        repository=session.repository,
        workplace=Workplace(session.work).demo,
        site=Site.of(session.environment, offline=offline),
        now=now(session.environ),
        boot=boot,
    )
    return demo_result(run_demo(order, sink=session.sink), order.workplace.repository)
