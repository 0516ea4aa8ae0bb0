"""The layers of a layered image: fragments as they are in the store, the glue, and the list that a node follows."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from modpkg.image.order import in_order
from modpkg.model.image import LAYERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from modpkg.image.job import Assembled
    from modpkg.model.module import Module
    from modpkg.store.store import Store


def layers_of(modules: Sequence[Module], assembled: Assembled, *, store: Store) -> dict[str, Path]:
    """Give the fragment for each layer's file name, lowest first; none for a flat image. The glue is not among them."""
    fragments = (store.path(module.fragment.sha256) for module in in_order(modules))
    return dict(zip(assembled.layers, fragments, strict=False))


def put_layers(fragments: Mapping[str, Path], assembled: Assembled, directory: Path) -> None:
    """Put fragments into an image directory that has the glue, and write the list of all layers."""
    if not assembled.layers:
        return
    for name, source in fragments.items():
        try:
            (directory / name).hardlink_to(source)
        except OSError:  # another file system
            shutil.copyfile(source, directory / name)
    # The store calls a blob by its digest, which is checked once more on the node.
    digests = {name: source.name for name, source in fragments.items()}
    glue = assembled.layers[-1]
    digests[glue] = assembled.known[glue].sha256
    text = "".join(f"{digests[name]}  {name}\n" for name in assembled.layers)
    (directory / LAYERS).write_text(text, encoding="utf-8")
