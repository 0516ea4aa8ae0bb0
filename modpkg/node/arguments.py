"""The kernel's command line of a node: what many nodes share, and what names the node itself. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modpkg.model.inventory import Node
    from modpkg.model.node import HeadImage


def node_arguments(node: Node, image: HeadImage, url: str) -> tuple[str, ...]:
    """Give the kernel's arguments of a node, one word each, but for those that name the node itself."""
    words = (word for argument in image.arguments(url) for word in argument.split())
    own: list[str] = []
    fetched: list[str] = []
    for word in words:
        (fetched if word.startswith("modpkg.") else own).append(word)
    return (*own, *node.settings.kernel_arguments, *fetched)


def own_words(card: str, url: str) -> tuple[str, ...]:
    """Give the words about one node alone, by the MAC of the card that it boots from, or iPXE's word for it.

    The stage `network` takes none but these from the head where the command line is that of many nodes.
    """
    return (f"modpkg.node={url}/node/{card}.json", f"modpkg.report={url}/event/{card}")
