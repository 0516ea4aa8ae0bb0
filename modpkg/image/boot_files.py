"""Small files beside an image that start it: the kernel's command line, a script of iPXE, one of QEMU."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from modpkg.model.image import ImageDirectory

COMMAND_LINE: Final = "cmdline"
IPXE: Final = "boot.ipxe"
BOOT: Final = "boot.sh"


def command_line(about: ImageDirectory) -> str:
    """Give the kernel's arguments for a node that fetches files from where its kernel came from."""
    return " ".join(about.arguments)


def boot_texts(about: ImageDirectory) -> dict[str, str]:
    """Give the texts of these files by name."""
    script = resources.files("modpkg.image") / "boot.sh"
    return {
        COMMAND_LINE: f"{command_line(about)}\n",
        IPXE: ipxe_text(about),
        BOOT: script.read_text(encoding="utf-8"),
    }


def ipxe_text(about: ImageDirectory) -> str:
    """Give a script that iPXE runs when it is chained to it.

    `cwduri` is where the script came from; older builds do not know it: there `base` is set before the chain, or
    the node asks DHCP.
    """
    return (
        "#!ipxe\n"
        f"# {about.name} {about.image.version}: chain to this file on an HTTP server.\n"
        "isset ${base} || set base ${cwduri}\n"
        f"kernel vmlinuz initrd=initrd modpkg.base=${{base}} {command_line(about)}\n"
        "initrd initrd\n"
        "boot\n"
    )
