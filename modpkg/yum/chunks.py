"""What one rpm adds to the indices of a repository. It is a function of the rpm and of where it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.host.files import digest_file
from modpkg.yum.read import read_package
from modpkg.yum.render import render

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import createrepo_c

# To load createrepo_c takes as long as `render` takes longer for so many rpms.
MANY: Final = 100


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
    return _dumped(package, href=href)


def digest_and_chunks(
    path: Path, *, href_of: Callable[[str], str], many: bool
) -> tuple[str, Mapping[str, bytes]]:
    """Give the sha256 of an rpm, and its XML for each of the three indices.

    `href_of` tells where an rpm of this digest is going to lie; `many` is whether more than `MANY` are asked for.
    """
    if not many:
        sha256 = digest_file(path)
        rendered = render(path, sha256=sha256, href=href_of(sha256))
        if rendered is not None:
            return sha256, rendered
    # One reading gives both.
    package = read_package(path)
    return package.pkgId, _dumped(package, href=href_of(package.pkgId))


def _dumped(package: createrepo_c.Package, *, href: str) -> Mapping[str, bytes]:
    import createrepo_c  # noqa: PLC0415 - slow to load, and few publications need it

    package.location_href = href
    package.time_file = package.time_build  # the file's own time is the machine's
    dumps = {
        "primary": createrepo_c.xml_dump_primary,
        "filelists": createrepo_c.xml_dump_filelists,
        "other": createrepo_c.xml_dump_other,
    }
    return {kind: dump(package).encode() for kind, dump in dumps.items()}
