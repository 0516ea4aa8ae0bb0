"""An image by what people call it: a directory, a lock, a name, a version or its beginning, a fingerprint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from modpkg.errors import BadInputError
from modpkg.formats.canonical import read_record
from modpkg.formats.words import closest
from modpkg.model.image import ImageDirectory
from modpkg.model.lock import ImageLock
from modpkg.model.version import ImageVersion
from modpkg.pipeline.known_modules import Wanted, wanted_by_image, wanted_by_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE_JSON: Final = "image.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundImage:
    """An image that was found: built, with its directory and image.json, or locked only.

    `path` is the directory or the lock.
    """

    name: str
    version: str
    platform: str
    architecture: str
    wanted: tuple[Wanted, ...]
    path: Path
    about: ImageDirectory | None = None

    @property
    def label(self) -> str:
        """Name and version, for people."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlaces:
    """Where images are looked for by name: directories of built images, and of their locks."""

    built: Path
    locks: Path


def find_image(word: str, places: ImagePlaces) -> FoundImage:
    """Give the image that a word means, built or locked.

    A name means its newest image that is built, else its lock. Raises BadInputError, with what there is, when it
    means none or several.
    """
    if "/" in word or Path(word).exists():
        return _at(Path(word))
    built = list(_built(places.built, word))
    named = [one for one in built if one.name == word]
    if named:
        return max(named, key=lambda one: (_order(one.version), one.path.stat().st_mtime))
    alike = [one for one in built if one.path.name == word or _begins(one.version, word)]
    locked = [one for one in _locked(places.locks, word) if one.name == word or _begins(one.version, word)]
    found = alike or locked
    if not found:
        raise _unknown(word, places)
    if len({(one.platform, one.architecture, one.version) for one in found}) > 1:
        raise _ambiguous(word, found)
    return found[0]


def find_built(word: str, places: ImagePlaces) -> tuple[FoundImage, ImageDirectory]:
    """Give the image that a word means, with its image.json; raises BadInputError when it is not built.

    Several directories of one version are several images here: which one is meant is not guessed.
    """
    found = find_image(word, places)
    if found.about is None:
        raise BadInputError(
            f"cannot find an image of {found.label}: there is its lock alone",
            where=str(found.path),
            hint=f"build it: invoke build-image {found.name}",
        )
    twins = [one for one in _built(places.built, word) if one.version == found.version]
    if found.name != word and found.path in {one.path for one in twins} and len(twins) > 1:
        raise _ambiguous(word, twins)
    return found, found.about


def _at(path: Path) -> FoundImage:
    if path.suffix == ".lock" and path.is_file():
        return _of_lock(path)
    if not (path / IMAGE_JSON).is_file():
        what = "there is no such directory" if not path.exists() else f"it has no {IMAGE_JSON}"
        raise BadInputError(
            f"cannot use this as an image: {what}",
            where=str(path),
            hint="name a directory that invoke build-image made, or a lock of recipes/images",
        )
    return _of_directory(path)


def _of_directory(path: Path) -> FoundImage:
    about = read_record(path / IMAGE_JSON, ImageDirectory, hint="build the image again, or name another one")
    image = about.image
    _check_version(image.version, path / IMAGE_JSON)
    return FoundImage(
        name=about.name,
        version=image.version,
        platform=image.platform,
        architecture=image.architecture,
        wanted=wanted_by_image(image),
        path=path,
        about=about,
    )


def _of_lock(path: Path) -> FoundImage:
    lock = read_record(path, ImageLock, hint=f"invoke lock {path.stem} makes it anew")
    _check_version(lock.version, path)
    return locked_image(lock, path)


def locked_image(lock: ImageLock, path: Path) -> FoundImage:
    """Give the image that a lock describes; `path` is where the lock is, or is to be."""
    return FoundImage(
        name=lock.name,
        version=lock.version,
        platform=lock.platform,
        architecture=lock.architecture,
        wanted=wanted_by_lock(lock),
        path=path,
    )


def _check_version(text: str, path: Path) -> None:
    try:
        ImageVersion.parse(text)
    except BadInputError as error:
        raise BadInputError(error.what, where=str(path), hint=error.hint) from error


def _built(images: Path, word: str) -> Iterator[FoundImage]:
    # A directory that is damaged is in the way of its own name and version alone.
    for path in sorted(images.glob(f"[!.]*/{IMAGE_JSON}")):
        name, _, rest = path.parent.name.partition("_")
        if word in (name, path.parent.name) or _begins(rest.partition("_")[0], word):
            yield _of_directory(path.parent)


def _locked(folder: Path, word: str) -> Iterator[FoundImage]:
    for path in sorted(folder.glob("[!.]*.lock")):
        try:
            yield _of_lock(path)
        except BadInputError:
            if path.stem == word:
                raise


def _begins(version: str, word: str) -> bool:
    """Tell whether a word is a version, its beginning up to a dot or dash, or its fingerprint."""
    plain = version.rpartition(":")[2]
    wanted = word.rpartition(":")[2].removeprefix("~")
    if not wanted:
        return False
    return plain == wanted or plain.startswith((f"{wanted}.", f"{wanted}-")) or plain.endswith(f".{wanted}")


def _order(text: str) -> tuple[int, tuple[int, ...], int, str]:
    version = ImageVersion.parse(text)
    numbers = tuple(int(number) for number in version.upstream.split("."))
    return version.epoch, numbers, version.revisions, version.fingerprint


def _unknown(word: str, places: ImagePlaces) -> BadInputError:
    names = {path.parent.name.partition("_")[0] for path in places.built.glob(f"[!.]*/{IMAGE_JSON}")}
    known = sorted(names | {path.stem for path in places.locks.glob("[!.]*.lock")})
    hint = closest(word, known) or (
        f"there are {', '.join(known)}" if known else "build one: invoke build-image NAME"
    )
    return BadInputError(f"cannot find an image {word!r}", where=str(places.built), hint=hint)


def _ambiguous(word: str, found: list[FoundImage]) -> BadInputError:
    lines = "".join(f"\n    {one.path.name}" for one in found)
    return BadInputError(
        f"cannot choose between {len(found)} images that {word!r} may mean:{lines}",
        hint="name one by its directory",
    )
