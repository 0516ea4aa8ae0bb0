"""Commands about images: show them, boot them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modpkg.cli.command import command

if TYPE_CHECKING:
    from modpkg.cli.options import Session
    from modpkg.cli.results import BootResult, ImageResult

IMAGE_HELP = "Image, as recipes/images names it, or the path of an image directory."


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
    from modpkg.cli.images import find_image
    from modpkg.cli.results import boot_result
    from modpkg.node import boot

    directory = find_image(session.work / "images", image)
    options = boot.BootOptions(memory_mb=memory_mb, cpus=cpus, timeout_seconds=timeout, accel=accel)
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
    from modpkg.cli.images import find_image, read_image
    from modpkg.cli.results import image_result

    directory = find_image(session.work / "images", image)
    return image_result(directory, read_image(directory))
