"""The changelog of a module: its entries are its revisions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from modpkg.model.document import Document, Name, Person, Version

MOMENT_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"
INPUTS_PATTERN: Final = r"^sha256:[0-9a-f]{64}$"
# A squashfs keeps times as 32 bits without a sign.
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2105
CHANGE_PATTERN: Final = r"^[^\x00-\x20\x7f][^\x00-\x09\x0b-\x1f\x7f]*$"


def _real_moment(text: str) -> str:
    # The pattern lets 2023-02-30 pass.
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no date of the calendar") from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"{text!r} is not between {FIRST_YEAR} and {LAST_YEAR}, as file systems have it")
    return text


Moment = Annotated[str, StringConstraints(pattern=MOMENT_PATTERN), AfterValidator(_real_moment)]
InputsDigest = Annotated[str, StringConstraints(pattern=INPUTS_PATTERN)]
Change = Annotated[str, StringConstraints(pattern=CHANGE_PATTERN)]


class Entry(Document):
    """One release. `inputs` names, for each platform, the digest of all that entered the module's bits."""

    version: Version
    date: Moment
    author: Person
    urgency: Literal["low", "medium", "high", "emergency"] = "low"
    changes: tuple[Change, ...] = Field(min_length=1)
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
