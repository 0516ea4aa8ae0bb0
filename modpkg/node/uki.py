"""Which EFI programs a head needs: one for each image and set of kernel arguments. Pure.

A program holds its command line, and nobody can add to it where the firmware verifies signatures. So all that a
node has to know stands in it, and nodes that are told the same share one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.node.arguments import node_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modpkg.model.inventory import Nodes
    from modpkg.model.node import HeadImage

UKI: Final = "uki"
DIGITS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadUki:
    """One program; another content has another `file` name. `mark` is the word for it in dnsmasq's files."""

    image: HeadImage
    command_line: str
    mark: str

    @property
    def file(self) -> str:
        """Its name below `uki/`."""
        return f"{self.image.name}_{self.image.version}_{self.mark}.efi"


def plan_ukis(nodes: Nodes, images: Mapping[str, HeadImage], *, salt: str) -> dict[str, HeadUki]:
    """Give the program of each node that boots so, by the node's name.

    `salt` stands for what goes into all of them: the stub and, where they are signed, the certificate.
    """
    url = nodes.cluster.url
    known: dict[tuple[str, tuple[str, ...]], HeadUki] = {}
    found: dict[str, HeadUki] = {}
    for name, node in nodes.nodes.items():
        if node.settings.boot != UKI:
            continue
        image = images[node.settings.image or ""]
        words = node_arguments(node, image, url)
        key = (image.directory, words)
        if key not in known:
            known[key] = _uki(image, words, url, salt)
        found[name] = known[key]
    return found


def distinct(ukis: Mapping[str, HeadUki]) -> tuple[HeadUki, ...]:
    """Give each program once, in the order of the nodes that boot by them."""
    return tuple({uki.mark: uki for uki in ukis.values()}.values())


def _uki(image: HeadImage, words: tuple[str, ...], url: str, salt: str) -> HeadUki:
    # A folder: the node adds the MAC of the card that it came by.
    command_line = " ".join([*words, f"modpkg.nodes={url}/node/"])
    digests = [image.about.files[name].sha256 for name in ("vmlinuz", "initrd")]
    digest = hashlib.sha256("\0".join([salt, command_line, *digests]).encode()).hexdigest()
    return HeadUki(image=image, command_line=command_line, mark=digest[:DIGITS])
