"""The manifest: what an image should contain."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from modpkg.model.document import Document, Line, Name
from modpkg.model.image import SERVERS, DriverClass
from modpkg.model.patterns import NUMBER_PATTERN, REVISION_PATTERN
from modpkg.model.size import SizeText

PIN_PATTERN: Final = (
    rf"^(~{NUMBER_PATTERN}(\.{NUMBER_PATTERN}){{0,2}}"
    rf"|{NUMBER_PATTERN}\.{NUMBER_PATTERN}\.{NUMBER_PATTERN}-{REVISION_PATTERN})$"
)
PinText = Annotated[str, StringConstraints(pattern=PIN_PATTERN)]


class ModulePin(Document):
    """One module of an image, exact (`12.0.3-41`) or tracked (`~12.0`)."""

    name: Name
    version: PinText


class Manifest(Document):
    """`recipes/images/<image>.yaml`.

    `layout` says whether a node mounts one squashfs or stacks the modules'; `size_budget` is what a node may have
    to keep in memory of the image; `uki` makes one EFI program of it; `drivers` are classes of drivers for the initrd,
    beside those of virtual machines; `verity` adds a hash tree, by which a node checks each block that it reads.
    """

    name: Name
    summary: str = ""
    platform: Name
    channel: Name
    modules: tuple[ModulePin, ...] = Field(min_length=1)
    kernel_arguments: tuple[Line, ...] = ()
    epoch: int = Field(default=0, ge=0)
    layout: Literal["flat", "layered"] = "flat"
    size_budget: SizeText | None = None
    uki: bool = False
    drivers: tuple[DriverClass, ...] = SERVERS
    verity: bool = False
