"""image.json: what an image is made of."""

from __future__ import annotations

from typing import Final, Literal

from modpkg.model.document import Name, Record, Sha256
from modpkg.model.module import ASSEMBLY_FORMAT, Mark, ModuleTest

ROOT: Final = "root.squashfs"
SITE: Final = "site.squashfs"
# The hash tree of the root, for dm-verity.
VERITY: Final = "root.verity"
# Names the layers of a layered image, lowest first, with their digests.
LAYERS: Final = "layers"
# A node mounts one squashfs, or stacks the modules' own.
Layout = Literal["flat", "layered"]
# How modules become one squashfs: their blocks copied, or their files compressed again.
Merge = Literal["splice", "recompress"]
# Which machines the initrd has drivers for, beside virtual ones: cards of servers, what their disks hang on.
DriverClass = Literal["ethernet", "storage"]
SERVERS: Final[tuple[DriverClass, ...]] = ("ethernet",)


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
    `layers` names the files that a node stacks, lowest first; a flat image has none. `verity` is the root hash of
    the hash tree beside the root, where there is one.
    """

    name: Name
    image: Image
    kernel: str
    kernel_arguments: tuple[str, ...]
    files: dict[str, ImageFile]
    waits_for_site: tuple[str, ...]
    tests: dict[Name, tuple[ModuleTest, ...]]
    layout: Layout = "flat"
    merge: Merge = "splice"
    layers: tuple[str, ...] = ()
    site: SiteMark | None = None
    drivers: tuple[DriverClass, ...] = SERVERS
    verity: Sha256 | None = None

    @property
    def fetched_files(self) -> tuple[str, ...]:
        """Names of what a node fetches once its kernel runs."""
        root = (LAYERS, *self.layers) if self.layers else (ROOT,)
        verity = (VERITY,) if self.verity else ()
        site = (SITE,) if self.site else ()
        return (*root, *verity, *site)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The kernel's arguments: its own, what the node fetches, relative to `modpkg.base`, and the digests."""
        return (*self.kernel_arguments, *self.fetched(""))

    def fetched(self, place: str) -> tuple[str, ...]:
        """Give the kernel's arguments about what a node fetches, each name with `place` in front."""
        name, argument = (LAYERS, "modpkg.layers") if self.layers else (ROOT, "modpkg.image")
        root: tuple[str, ...] = (f"{argument}={place}{name}", f"modpkg.sha256={self.files[name].sha256}")
        if self.verity:
            root = (*root, f"modpkg.verity={place}{VERITY}", f"modpkg.verity-root={self.verity}")
        if SITE not in self.files:
            return root
        return (*root, f"modpkg.site={place}{SITE}", f"modpkg.site-sha256={self.files[SITE].sha256}")
