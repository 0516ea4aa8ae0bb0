"""The user's configuration: where this site's mirrors are. It never enters a lock, a package or an image."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from modpkg.model.document import Document, Name

ADDRESS_PATTERN: Final = r"^(https?://[^/\x00-\x20\x7f]|file:///)[^\x00-\x20\x7f]*$"
Address = Annotated[str, StringConstraints(pattern=ADDRESS_PATTERN)]


class Config(Document):
    """`~/.config/modpkg/config.yaml`: addresses by alias; `snapshots` are tried for files that are gone."""

    mirrors: dict[Name, Address] = Field(default_factory=dict)
    snapshots: dict[Name, tuple[Address, ...]] = Field(default_factory=dict)
