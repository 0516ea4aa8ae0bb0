"""What an assembly needs to know, as one value that can cross into its namespaces, and what it leaves."""

from __future__ import annotations

from pathlib import Path

from modpkg.model.document import Record
from modpkg.model.image import Image


class Layer(Record):
    """One module of an image: its module.json and its unpacked fragment."""

    module: Path
    tree: Path


class AssembleJob(Record):
    """Modules to make one image of. `work` is an empty directory on the disk of the layers.

    `level` and `block_size` are those of the root's squashfs.
    """

    layers: tuple[Layer, ...]
    image: Image
    level: int
    block_size: int
    work: Path


class Assembled(Record):
    """What an assembly leaves in `work`: a file for each name in an image directory, and the kernel's release."""

    files: dict[str, Path]
    kernel: str
