"""image.json: what an image is made of."""

from __future__ import annotations

from typing import Literal

from modpkg.model.document import Name, Record, Sha256
from modpkg.model.module import ASSEMBLY_FORMAT, Mark, ModuleTest

# A node mounts one squashfs, or stacks the modules' own.
Layout = Literal["flat", "layered"]
# How modules become one squashfs: their blocks copied, or their files compressed again.
Merge = Literal["splice", "recompress"]


class ImageModule(Record):
    """One module of an image; size in bytes."""

    name: Name
    version: str
    fragment: Sha256
    size: int


class Image(Record):
    """What `/usr/lib/modpkg/image.json` says inside an image: a function of the module versions alone."""

    assembly_format: int = ASSEMBLY_FORMAT
    version: str
    platform: Name
    architecture: str
    modules: tuple[ImageModule, ...]
    marks: tuple[Mark, ...] = ()


class ImageFile(Record):
    """One file of an image directory; size in bytes."""

    size: int
    sha256: Sha256


class ImageDirectory(Record):
    """`image.json` beside an image: the image, its name, its files, what a node needs to boot.

    `layers` names the files that a node stacks, lowest first; a flat image has none.
    """

    name: Name
    image: Image
    kernel: str
    kernel_arguments: tuple[str, ...]
    files: dict[str, ImageFile]
    waits_for_site: tuple[str, ...]
    tests: dict[Name, tuple[ModuleTest, ...]]
    layout: Layout = "flat"
    merge: Merge = "splice"
    layers: tuple[str, ...] = ()
