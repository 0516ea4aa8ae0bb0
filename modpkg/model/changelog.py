"""The changelog of a module: its entries are its revisions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from modpkg.model.document import Document, Name

Moment = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")
]
InputsDigest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


class Entry(Document):
    """One release. `inputs` names, for each platform, the digest of all that entered the module's bits."""

    version: str = Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+-[1-9][0-9]*$")
    date: Moment
    author: str = Field(pattern=r"^[^<>]+ <[^<>@ ]+@[^<>@ ]+>$")
    urgency: Literal["low", "medium", "high", "emergency"] = "low"
    changes: tuple[str, ...] = Field(min_length=1)
    inputs: dict[Name, InputsDigest] = Field(default_factory=dict)

    @property
    def seconds(self) -> int:
        """The date in seconds since 1970, UTC."""
        return int(datetime.fromisoformat(self.date).timestamp())


class Changelog(Document):
    """`recipes/modules/<module>/changelog.yaml`, newest entry first."""

    entries: tuple[Entry, ...] = Field(min_length=1)

    @property
    def revision(self) -> int:
        """R of the module's version: the number of entries."""
        return len(self.entries)

    @property
    def newest(self) -> Entry:
        """The top entry: its date is the module's SOURCE_DATE_EPOCH."""
        return self.entries[0]
