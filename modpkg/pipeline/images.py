"""Image directories that were built: found by what a user calls them, listed, removed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError, ModpkgError
from modpkg.formats.canonical import read_record
from modpkg.formats.words import closest
from modpkg.host.files import remove_tree
from modpkg.model.image import ImageDirectory
from modpkg.model.version import ImageVersion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from modpkg.events import Sink
    from modpkg.store.store import Store

IMAGE_JSON: Final = "image.json"
SHOWN: Final = 8
Order = tuple[int, tuple[int, ...], int, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltImage:
    """An image directory and its record; `built` is when it was put in place, in seconds since 1970."""

    directory: Path
    about: ImageDirectory
    built: float

    @property
    def size(self) -> int:
        """The bytes of its files, those it shares with other images included."""
        return sum(file.size for file in self.about.files.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """An image directory to remove, and the bytes that become free: not those other images have too."""

    directory: Path
    freed: int


def find_image(images: Path, name: str, *, unbuilt: str = "") -> Path:
    """Give the directory that a path, a name, a version, a fingerprint or the beginning of one of them means.

    A name means its highest version, of equal ones the one built last. Raises BadInputError for what fits no
    image, and for what fits several; `unbuilt` is the hint for a name that is like none, by default to build it.
    """
    if "/" in name or Path(name, IMAGE_JSON).exists():
        return Path(name)
    # The folder's name says what is needed: an image that is damaged is in the way of no other.
    folders = [path.parent for path in sorted(images.glob(f"[!.]*/{IMAGE_JSON}"))]
    named = {folder: read_image(folder) for folder in folders if _name_of(folder) == name}
    if named:
        return max(named, key=lambda folder: order_of(folder, named[folder]))
    found = [folder for folder in folders if any(word.startswith(_bare(name)) for word in _words(folder))]
    if len(found) == 1:
        return found[0]
    if found:
        more = ", ..." if len(found) > SHOWN else ""
        names = ", ".join(folder.name for folder in found[:SHOWN])
        what = f"cannot tell which image {name!r} means: {len(found)} begin so"
        raise BadInputError(what, where=str(images), hint=f"write more of one: {names}{more}")
    hint = (
        closest(name, sorted({_name_of(folder) for folder in folders}))
        or unbuilt
        or f"build it: invoke build-image {name}"
    )
    raise BadInputError(f"cannot find an image {name!r}", where=str(images), hint=hint)


def read_image(directory: Path) -> ImageDirectory:
    """Read what is known of an image directory; its files are not looked at."""
    path = directory / IMAGE_JSON
    if not path.is_file():
        raise BadInputError(f"cannot find {IMAGE_JSON}: not an image directory", where=str(directory))
    return read_record(path, ImageDirectory, hint=f"remove {directory} and build the image again")


def order_of(directory: Path, about: ImageDirectory) -> Order:
    """Give the place of an image among those of its name: by version, then by when it was built."""
    version = ImageVersion.parse(about.image.version)
    numbers = tuple(int(number) for number in version.upstream.split("."))
    built = (directory / IMAGE_JSON).stat().st_mtime_ns
    return version.epoch, numbers, version.revisions, version.fingerprint, built


def built_images(images: Path) -> Iterator[BuiltImage]:
    """Give all images below a folder, by name and then the newest version first; damaged ones are left out."""
    found = [image for folder in images.glob(f"[!.]*/{IMAGE_JSON}") for image in _readable(folder.parent)]
    found.sort(key=lambda image: order_of(image.directory, image.about), reverse=True)
    yield from sorted(found, key=lambda image: image.about.name)


def plan_removal(images: Path, directory: Path, *, force: bool) -> Removal:
    """Decide whether an image directory can be removed. Writes nothing.

    Raises BadInputError for the newest of its name: nodes boot it, and a build would make it again. `force`
    removes that too, and one that is damaged.
    """
    damaged = (directory / IMAGE_JSON).is_file() and not list(_readable(directory))
    if not (damaged and force):
        read_image(directory)
    for image in [] if force else _readable(directory):
        _refuse_newest(images, image)
    freed = sum(info.st_size for path in directory.iterdir() if (info := path.lstat()).st_nlink == 1)
    return Removal(directory=directory, freed=freed)


def remove_image(removal: Removal, *, store: Store, sink: Sink) -> None:
    """Remove what was planned. Its name goes at once, so that nobody finds a part of it."""
    directory = removal.directory
    with store.lock(f"image-{directory.name}", sink=sink):
        hidden = directory.with_name(f".{directory.name}.removed")
        remove_tree(hidden)
        directory.rename(hidden)
        remove_tree(hidden)


def _refuse_newest(images: Path, about: BuiltImage) -> None:
    same = [image for image in built_images(images) if image.about.name == about.about.name]
    if same and same[0].directory.resolve() == about.directory.resolve():
        older = ", ".join(image.directory.name for image in same[1:SHOWN])
        raise BadInputError(
            f"cannot remove {about.directory.name}: it is the newest image {about.about.name!r}",
            where=str(about.directory),
            hint=f"remove an older one ({older}), or say --force"
            if older
            else "say --force to remove it all the same",
        )


def _readable(directory: Path) -> Iterator[BuiltImage]:
    try:
        about = read_image(directory)
        ImageVersion.parse(about.image.version)
    except ModpkgError:
        return
    yield BuiltImage(directory=directory, about=about, built=(directory / IMAGE_JSON).stat().st_mtime)


def _name_of(folder: Path) -> str:
    return folder.name.partition("_")[0]


def _bare(name: str) -> str:
    # No folder's name has the epoch of a version.
    epoch, colon, rest = name.partition(":")
    return rest if colon and epoch.isdecimal() else name


def _words(folder: Path) -> tuple[str, ...]:
    _, _, rest = folder.name.partition("_")
    version, _, more = rest.partition("_")
    return folder.name, rest, version.rpartition(".")[2], more.rpartition("_site-")[2]
