"""What one rpm adds to the indices of a repository. It is a function of the rpm and of where it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import createrepo_c

from modpkg.errors import ModpkgError
from modpkg.yum.publish import PRIMARY
from modpkg.yum.read import read_package

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DUMPS: Final = {
    PRIMARY: createrepo_c.xml_dump_primary,
    "filelists": createrepo_c.xml_dump_filelists,
    "other": createrepo_c.xml_dump_other,
}


def chunks_of(path: Path, *, sha256: str, href: str) -> Mapping[str, bytes]:
    """Give the XML of an rpm of the pool for each of the three indices.

    Raises ModpkgError when the file's digest is not the one it has to have.
    """
    package = read_package(path)
    if package.pkgId != sha256:
        raise ModpkgError(
            f"cannot index this rpm: its sha256 is {package.pkgId}, not {sha256}",
            where=str(path),
            hint="a file of the pool was changed: restore it from a copy of the repository",
        )
    return render_chunks(package, href=href)


def render_chunks(package: createrepo_c.Package, *, href: str) -> Mapping[str, bytes]:
    """Give the XML of an rpm that was read for each of the three indices."""
    package.location_href = href
    package.time_file = package.time_build  # the file's own time is the machine's
    return {kind: dump(package).encode() for kind, dump in DUMPS.items()}
