"""What every document has in common: strict types, unknown keys refused, values frozen."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, StringConstraints

NAME_PATTERN: Final = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
PACKAGE_PATTERN: Final = r"^[a-z0-9][a-z0-9+.-]+$"
SHA256_PATTERN: Final = r"^[0-9a-f]{64}$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
PackageName = Annotated[str, StringConstraints(pattern=PACKAGE_PATTERN)]
Glob = Annotated[str, StringConstraints(pattern=r"^/.")]
Sha256 = Annotated[str, StringConstraints(pattern=SHA256_PATTERN)]


def dashed(name: str) -> str:
    """Give the key of a field in a YAML document: words joined by dashes."""
    return name.replace("_", "-")


class Document(BaseModel):
    """A part of a YAML document that people write; keys have dashes where fields have underscores."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, alias_generator=dashed, populate_by_name=True
    )


class Record(BaseModel):
    """A part of a JSON document that modpkg writes: locks, module.json, image.json."""

    model_config = ConfigDict(extra="forbid", frozen=True)
