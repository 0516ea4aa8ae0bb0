"""What an assembly needs to know, as one value that can cross into its namespaces, and what it leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from modpkg.model.document import Record, Sha256
from modpkg.model.image import SERVERS, DriverClass, Image, ImageFile, Layout, Merge
from modpkg.model.module import Module
from modpkg.rootfs.generated.choose import Command

# What is read back of the result: the list of its paths, or all content.
Verify = Literal["list", "full"]


class Ways(Record):
    """How the root is made, and how it is read back. What is recompressed is always read back in full."""

    merge: Merge = "splice"
    verify: Verify = "list"


DEFAULT_WAYS: Final = Ways()


class Layer(Record):
    """One module of an image, its fragment, and the unpacked fragment where that is needed."""

    module: Module
    fragment: Path
    tree: Path | None = None


class AssembleJob(Record):
    """Modules to make one image of. `work` is an empty directory on the disk of the layers.

    `commands` are the generators that have to run over all modules together (`at_assembly`). `level` and `block_size`
    are those of the root's squashfs. All layers have trees, or none has.
    """

    layers: tuple[Layer, ...]
    commands: tuple[Command, ...]
    image: Image
    level: int
    block_size: int
    work: Path
    layout: Layout = "flat"
    ways: Ways = DEFAULT_WAYS
    drivers: tuple[DriverClass, ...] = SERVERS
    verity: bool = False


class Assembled(Record):
    """What an assembly leaves in `work`: a file for each name in an image directory, and the kernel's release.

    `layers` names those that a node stacks, lowest first; a flat image has none. `verity` is a root hash. `known`
    are files whose digests were computed when they were written.
    """

    files: dict[str, Path]
    kernel: str
    known: dict[str, ImageFile] = Field(default_factory=dict)
    layers: tuple[str, ...] = ()
    verity: Sha256 | None = None
