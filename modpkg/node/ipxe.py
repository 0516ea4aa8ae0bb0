"""Scripts of iPXE: what a machine does once its first program runs. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError
from modpkg.model.settings import ARGUMENT
from modpkg.node.arguments import own_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modpkg.model.node import HeadImage

# `command && goto on ||` goes on where it fails: each file is asked for until the head gives it.
SCRIPT: Final = """\
#!ipxe
echo modpkg: ${{hostname}} boots {image} {version}
:kernel
kernel {url}/images/{directory}/vmlinuz initrd=initrd {arguments} && goto initrd ||
sleep 5
goto kernel
:initrd
initrd --name initrd {url}/images/{directory}/initrd && goto boot ||
sleep 5
goto initrd
:boot
boot
"""
UNKNOWN: Final = """\
#!ipxe
echo modpkg: ${netX/mac} is in no inventory of this head
sleep 10
exit
"""


def script_text(name: str, image: HeadImage, words: Sequence[str], *, url: str) -> str:
    """Give the script by which a node boots with these words on the kernel's command line.

    Raises BadInputError for words that iPXE would not pass on.
    """
    for word in words:
        if not ARGUMENT.fullmatch(word):
            raise BadInputError(
                f"cannot boot {name}: iPXE would not pass on the kernel argument {word!r}",
                hint="leave out quotes and the signs $ \\ # | &",
            )
    return SCRIPT.format(
        image=image.name,
        version=image.version,
        directory=image.directory,
        url=url,
        # iPXE itself names the card that it boots from.
        arguments=" ".join([*words, "BOOTIF=01-${netX/mac:hexhyp}", *own_words("${netX/mac}", url)]),
    )
