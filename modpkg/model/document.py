"""What every document has in common: strict types, unknown keys refused, values frozen."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from modpkg.model.patterns import (
    ACCOUNT_PATTERN,
    ARCHITECTURE_PATTERN,
    DEBIAN_NAME_PATTERN,
    DEBIAN_VERSION_PATTERN,
    GLOB_PATTERN,
    LINE_PATTERN,
    NAME_PATTERN,
    PACKAGE_PATTERN,
    PATH_PATTERN,
    PERSON_PATTERN,
    RELATIVE_PATTERN,
    SHA256_PATTERN,
    UPSTREAM_PATTERN,
    URL_PATTERN,
    VERSION_PATTERN,
    WORD_PATTERN,
)

UNSHOWN: Final = "unshown"  # the kind of a fault whose value and line are shown to nobody


def _climbs_nowhere(path: str) -> str:
    if {".", ".."} & set(path.split("/")):
        raise ValueError(f"{path!r} has a '.' or '..' among its parts")
    return path


Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
PackageName = Annotated[str, StringConstraints(pattern=PACKAGE_PATTERN)]
Glob = Annotated[str, StringConstraints(pattern=GLOB_PATTERN)]
Sha256 = Annotated[str, StringConstraints(pattern=SHA256_PATTERN)]
Upstream = Annotated[str, StringConstraints(pattern=UPSTREAM_PATTERN)]
Version = Annotated[str, StringConstraints(pattern=VERSION_PATTERN)]
Line = Annotated[str, StringConstraints(pattern=LINE_PATTERN)]
Word = Annotated[str, StringConstraints(pattern=WORD_PATTERN)]
AbsolutePath = Annotated[str, StringConstraints(pattern=PATH_PATTERN), AfterValidator(_climbs_nowhere)]
RelativePath = Annotated[str, StringConstraints(pattern=RELATIVE_PATTERN), AfterValidator(_climbs_nowhere)]
DebianName = Annotated[str, StringConstraints(pattern=DEBIAN_NAME_PATTERN)]
DebianVersion = Annotated[str, StringConstraints(pattern=DEBIAN_VERSION_PATTERN)]
Architecture = Annotated[str, StringConstraints(pattern=ARCHITECTURE_PATTERN)]
Url = Annotated[str, StringConstraints(pattern=URL_PATTERN)]
Person = Annotated[str, StringConstraints(pattern=PERSON_PATTERN)]
Account = Annotated[str, StringConstraints(pattern=ACCOUNT_PATTERN)]


def dashed(name: str) -> str:
    """Give the key of a field in a YAML document: words joined by dashes."""
    return name.replace("_", "-")


class Document(BaseModel):
    """A part of a YAML document that people write; keys have dashes where fields have underscores."""

    # Built when it is first used: a command uses few of all models.
    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=dashed,
        populate_by_name=True,
        defer_build=True,
    )


class Record(BaseModel):
    """A part of a JSON document that modpkg writes: locks, module.json, image.json."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
