"""A small package of plain files, such as one that sets up clients, as a value for the writers of both formats.

Nothing here reads or writes a file. All of it lies in memory; modules, which are large, have writers of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

from modpkg.formats.package_docs import COPYRIGHT_FORMAT
from modpkg.formats.payload import BASE_DIRECTORIES, Entry
from modpkg.formats.stored import frame

if TYPE_CHECKING:
    from collections.abc import Mapping

# Directories that belong to a package of every client already.
OWNED_ELSEWHERE: Final = BASE_DIRECTORIES | {
    "etc",
    "etc/apt",
    "etc/apt/sources.list.d",
    "etc/pki",
    "etc/pki/rpm-gpg",
    "etc/yum.repos.d",
    "usr/share/keyrings",
    "usr/share/lintian",
    "usr/share/lintian/overrides",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainPackage:
    """A package for all architectures. Paths have no leading slash; an administrator may change `config` files.

    `moment` (seconds since 1970) is the time of all that it holds; `change` the one entry of its changelog.
    """

    name: str
    version: str
    summary: str
    description: str
    license: str
    homepage: str
    maintainer: str
    moment: int
    change: str
    files: Mapping[str, bytes]
    requires: tuple[str, ...] = ()
    config: frozenset[str] = field(default_factory=frozenset)


def plain_entries(package: PlainPackage, *, changelog: str) -> tuple[Entry, ...]:
    """Give all that a package holds, its documents included, sorted by path, directories before their files."""
    place = f"usr/share/doc/{package.name}"
    documents = {
        f"{place}/{changelog}": frame(plain_changelog(package).encode()),
        f"{place}/copyright": plain_copyright(package).encode(),
    }
    files = {**package.files, **documents}
    parents = {
        "/".join(words[:count])
        for path in files
        for words in [path.split("/")]
        for count in range(1, len(words))
    }
    found = [Entry(path=path, kind="directory") for path in parents]
    found += [Entry(path=path, kind="file", size=len(data), content=data) for path, data in files.items()]
    return tuple(sorted(found, key=lambda entry: entry.path.split("/")))


def plain_changelog(package: PlainPackage) -> str:
    """Give the changelog in Debian's form."""
    date = format_datetime(datetime.fromtimestamp(package.moment, UTC))
    head = f"{package.name} ({package.version}) stable; urgency=medium"
    return f"{head}\n\n  * {package.change}\n\n -- {package.maintainer}  {date}\n"


def plain_copyright(package: PlainPackage) -> str:
    """Give the copyright file, in DEP-5 form."""
    year = datetime.fromtimestamp(package.moment, UTC).year
    return (
        f"Format: {COPYRIGHT_FORMAT}\nUpstream-Name: {package.name}\nSource: {package.homepage}\n\n"
        f"Files: *\nCopyright: {year} {package.maintainer}\nLicense: {package.license}\n"
        f" The full text of this license is known by its SPDX name, {package.license}.\n"
    )
