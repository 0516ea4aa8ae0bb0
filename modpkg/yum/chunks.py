"""What one rpm adds to the indices of a repository, kept as it does not change. The cache may be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import createrepo_c

from modpkg.errors import ModpkgError
from modpkg.host.files import write_atomically
from modpkg.model.document import Record, Sha256
from modpkg.yum.read import read_package

if TYPE_CHECKING:
    from pathlib import Path


class Chunks(Record):
    """The XML of one rpm for the three indices, and what they are sorted by."""

    sha256: Sha256
    order: tuple[str, ...]
    primary: str
    filelists: str
    other: str


def chunks_of(path: Path, *, sha256: str, href: str, cache: Path) -> Chunks:
    """Give the chunks of an rpm of the pool, from the cache when they are there.

    Raises ModpkgError when the file's digest is not the one it has to have.
    """
    kept = cache / f"{sha256}.json"
    try:
        return Chunks.model_validate_json(kept.read_bytes())
    except (FileNotFoundError, ValueError):
        made = _make(path, sha256=sha256, href=href)
        write_atomically(kept, made.model_dump_json())
        return made


def _make(path: Path, *, sha256: str, href: str) -> Chunks:
    package = read_package(path)
    if package.pkgId != sha256:
        raise ModpkgError(
            f"cannot index this rpm: its sha256 is {package.pkgId}, not {sha256}",
            where=str(path),
            hint="a file of the pool was changed: restore it from a copy of the repository",
        )
    package.location_href = href
    package.time_file = package.time_build  # the file's own time is the machine's
    return Chunks(
        sha256=sha256,
        order=(package.name, package.version, package.release, package.arch, sha256),
        primary=createrepo_c.xml_dump_primary(package),
        filelists=createrepo_c.xml_dump_filelists(package),
        other=createrepo_c.xml_dump_other(package),
    )
