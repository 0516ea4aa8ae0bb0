"""What every document has in common: strict types, unknown keys refused, values frozen."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

UNSHOWN: Final = "unshown"  # the kind of a fault whose value and line are shown to nobody
NAME_PATTERN: Final = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
PACKAGE_PATTERN: Final = r"^[a-z0-9][a-z0-9+.-]+$"
SHA256_PATTERN: Final = r"^[0-9a-f]{64}$"
# Nine digits are enough for any number of a version, and few enough for every program that reads one.
NUMBER_PATTERN: Final = r"(0|[1-9][0-9]{0,8})"
REVISION_PATTERN: Final = r"[1-9][0-9]{0,8}"
UPSTREAM_PATTERN: Final = rf"^{NUMBER_PATTERN}\.{NUMBER_PATTERN}\.{NUMBER_PATTERN}$"
VERSION_PATTERN: Final = rf"^{NUMBER_PATTERN}\.{NUMBER_PATTERN}\.{NUMBER_PATTERN}-{REVISION_PATTERN}$"
# Lines and words end up in control files, sources.list and kernel arguments: a line break there is syntax.
LINE_PATTERN: Final = r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$"
WORD_PATTERN: Final = r"^[^\x00-\x20\x7f]+$"
GLOB_PATTERN: Final = r"^/[^\x00-\x1f\x7f]+$"
PATH_PATTERN: Final = r"^/([^/\x00-\x1f\x7f]+(/[^/\x00-\x1f\x7f]+)*)?$"
URL_PATTERN: Final = r"^https?://[^\x00-\x20\x7f]+$"
PERSON_PATTERN: Final = (
    r"^[^<>\x00-\x20\x7f]([^<>\x00-\x1f\x7f]*[^<>\x00-\x20\x7f])? "
    r"<[^<>@\x00-\x20\x7f]+@[^<>@\x00-\x20\x7f]+>$"
)
# What Debian allows in names, versions and architectures: words that are safe in a file's name.
DEBIAN_NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9+.-]*$"
DEBIAN_VERSION_PATTERN: Final = r"^[0-9A-Za-z][0-9A-Za-z.+~:-]*$"
ARCHITECTURE_PATTERN: Final = r"^[a-z0-9][a-z0-9-]*$"
RELATIVE_PATTERN: Final = r"^[^/\x00-\x1f\x7f]+(/[^/\x00-\x1f\x7f]+)*$"
ACCOUNT_PATTERN: Final = r"^[A-Za-z_][A-Za-z0-9_.-]*$"


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
