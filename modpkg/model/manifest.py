"""The manifest: what an image should contain."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from modpkg.model.document import Document, Name

PinText = Annotated[
    str,
    StringConstraints(pattern=r"^(~[0-9]+(\.[0-9]+){0,2}|[0-9]+\.[0-9]+\.[0-9]+-[0-9]+)$"),
]


class ModulePin(Document):
    """One module of an image, exact (`12.0.3-41`) or tracked (`~12.0`)."""

    name: Name
    version: PinText


class Manifest(Document):
    """`recipes/images/<image>.yaml`."""

    name: Name
    summary: str = ""
    platform: Name
    channel: Name
    modules: tuple[ModulePin, ...] = Field(min_length=1)
    kernel_arguments: tuple[str, ...] = ()
    epoch: int = Field(default=0, ge=0)
