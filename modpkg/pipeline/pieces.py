"""What a package of the pool adds to the indices of a repository. A function of the package alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from modpkg.apt.stanza import STANZAS, Entry, render_stanza
from modpkg.pipeline.identity import Identity
from modpkg.pipeline.pool import Pooled, pool_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from modpkg.model.repository import Places


class Known(NamedTuple):
    """A package of the pool. `architecture` is Debian's name, for an .rpm too.

    A tuple, as a large repository has 20,000 of them: they take a fifth of the time to make.
    """

    sha256: str
    file_name: str
    architecture: str

    @property
    def is_deb(self) -> bool:
        """Whether it is for apt."""
        return self.file_name.endswith(".deb")

    @property
    def identity(self) -> Identity:
        """What it is called; the other package of its pair has the same."""
        return Identity.of_file(self.file_name)

    @property
    def label(self) -> str:
        """What a .deb is called, for people: its identity as text, without reading its version."""
        return label_of(self.file_name)

    @property
    def pooled(self) -> Pooled:
        """Where it lies."""
        return Pooled(path=pool_path(self.sha256, self.file_name), sha256=self.sha256)


def label_of(deb_name: str) -> str:
    """Give an identity as text out of the file name of a .deb."""
    return deb_name.removesuffix(".deb").replace("_", " ")


def sort_key(identity: Identity, sha256: str) -> str:
    """Give what indices are sorted by: name, version, architecture, digest."""
    version = identity.version
    numbers = ".".join(f"{number:09}" for number in (*version.numbers, version.revision))
    return f"{identity.name}\t{numbers}\t{identity.architecture}\t{sha256}"


def pieces_of(places: Places, package: Pooled) -> Mapping[str, bytes]:
    """Read a package and give its piece of each kind of index."""
    from modpkg.deb.read import read_control  # noqa: PLC0415 - few publications read what is in the pool
    from modpkg.yum.chunks import chunks_of  # noqa: PLC0415

    path = places.www / package.path
    if package.path.endswith(".rpm"):
        return chunks_of(path, sha256=package.sha256, href=href_of(package.path))
    return {STANZAS: stanza_of(places, package, read_control(path))}


def href_of(path: str) -> str:
    """Give how an index of rpms names a path below `www`: repositories lie two levels below, at rpm/snap-<id>/."""
    return f"../../{path}"


def stanza_of(places: Places, package: Pooled, control: Mapping[str, str]) -> bytes:
    """Give the stanza of a .deb whose control fields are known."""
    size = (places.www / package.path).stat().st_size
    entry = Entry(control=control, path=package.path, size=size, sha256=package.sha256)
    return render_stanza(entry).encode()
