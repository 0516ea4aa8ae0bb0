"""What names, paths, versions and digests look like, as regular expressions. Documents are checked by them."""

from __future__ import annotations

from typing import Final

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
