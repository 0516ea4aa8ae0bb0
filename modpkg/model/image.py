"""image.json: what an image is made of."""

from __future__ import annotations

from typing import Final

from modpkg.model.document import Name, Record, Sha256
from modpkg.model.module import ASSEMBLY_FORMAT, Mark, ModuleTest

ROOT: Final = "root.squashfs"
SITE: Final = "site.squashfs"


class ImageModule(Record):
    """One module of an image; size in bytes."""

    name: Name
    version: str
    fragment: Sha256
    size: int


class Image(Record):
    """What `/usr/lib/modpkg/image.json` says inside an image: a function of the module versions alone."""

    assembly_format: int = ASSEMBLY_FORMAT
    version: str
    platform: Name
    architecture: str
    modules: tuple[ImageModule, ...]
    marks: tuple[Mark, ...] = ()


class ImageFile(Record):
    """One file of an image directory; size in bytes."""

    size: int
    sha256: Sha256


class SiteMark(Record):
    """What the site layer of an image is: the digest of all that it holds, and ten letters of it for names."""

    digest: Sha256
    fingerprint: str


class ImageDirectory(Record):
    """`image.json` beside an image: the image, its name, its files, what a node needs to boot.

    `site` is None where no site added anything; the other files are the same with and without one.
    """

    name: Name
    image: Image
    kernel: str
    kernel_arguments: tuple[str, ...]
    files: dict[str, ImageFile]
    waits_for_site: tuple[str, ...]
    tests: dict[Name, tuple[ModuleTest, ...]]
    site: SiteMark | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The kernel's arguments: its own, what the node fetches, relative to `modpkg.base`, and the digests."""
        fetched = [f"modpkg.image={ROOT}", f"modpkg.sha256={self.files[ROOT].sha256}"]
        if SITE in self.files:
            fetched += [f"modpkg.site={SITE}", f"modpkg.site-sha256={self.files[SITE].sha256}"]
        return (*self.kernel_arguments, *fetched)
