"""The packages of one build as an archive of their own, so that apt installs exactly these and nothing else.

The files are checked against the lock once more, so apt needs no signature here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from debian.deb822 import Deb822
from debian.debfile import DebFile

from modpkg.errors import BadInputError, ModpkgError
from modpkg.host.files import digest_file
from modpkg.host.mirrors import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from modpkg.model.lock import LockedPackage


@dataclass(frozen=True, slots=True)
class Pool:
    """A flat archive in `directory`: the packages, `Packages` and `Release`."""

    directory: Path

    @property
    def source(self) -> str:
        """The line of sources.list that names this archive."""
        # A space would end the address, in sources.list and for mmdebstrap.
        return f"deb [trusted=yes] copy://{quoted(str(self.directory))} ./"


def make_pool(
    directory: Path, packages: Iterable[LockedPackage], *, files: Mapping[str, Path], suite: str
) -> Pool:
    """Fill `directory` with links to `files` (by sha256) and write the index apt reads."""
    directory.mkdir(parents=True)
    stanzas = []
    for package in packages:
        target = directory / package.file_name
        os.link(_checked(files[package.sha256], package), target)
        stanzas.append(_stanza(target, package))
    (directory / "Packages").write_text("\n".join(stanzas), encoding="utf-8")
    # mmdebstrap selects essential packages by the archive's suite: without it, it installs none.
    (directory / "Release").write_text(f"Suite: {suite}\nCodename: {suite}\n", encoding="ascii")
    return Pool(directory)


def _checked(path: Path, package: LockedPackage) -> Path:
    # apt compares no more than sizes here, and disks are not perfect.
    found = digest_file(path)
    if found != package.sha256:
        raise ModpkgError(
            f"cannot use {package.file_name}: its sha256 in the store is {found}, not {package.sha256}",
            where=str(path),
            hint="remove that file: it is fetched again",
        )
    return path


def _stanza(path: Path, package: LockedPackage) -> str:
    with path.open("rb") as stream:
        control = Deb822(DebFile(fileobj=stream).control.get_content("control", encoding="utf-8"))
    if (control["Package"], control["Version"]) != (package.name, package.version):
        raise BadInputError(
            f"cannot use {path.name}: it holds {control['Package']} {control['Version']}",
            hint=f"renew the lock: it names {package.name} {package.version}",
        )
    control["Filename"] = f"./{path.name}"
    control["Size"] = str(package.size)
    control["SHA256"] = package.sha256
    return control.dump()
