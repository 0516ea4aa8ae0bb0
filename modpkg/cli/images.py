"""Finds image directories by what a user calls them. Changes none."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from modpkg.errors import BadInputError
from modpkg.formats.canonical import read_record
from modpkg.formats.words import closest
from modpkg.model.image import ImageDirectory
from modpkg.model.version import ImageVersion

IMAGE_JSON: Final = "image.json"
Order = tuple[int, tuple[int, ...], int, str]


def find_image(images: Path, name: str) -> Path:
    """Give the directory that a path names, or that has the highest version of an image below `images`."""
    if "/" in name or Path(name, IMAGE_JSON).exists():
        return Path(name)
    # The folder's name begins with the image's: one that is damaged is in the way of no other image.
    built = [path.parent for path in sorted(images.glob(f"[!.]*/{IMAGE_JSON}"))]
    mine = {folder: read_image(folder) for folder in built if folder.name.partition("_")[0] == name}
    if not mine:
        advice = closest(name, sorted({folder.name.partition("_")[0] for folder in built}))
        hint = advice or f"build it: invoke build-image {name}"
        raise BadInputError(f"cannot find an image {name!r}", where=str(images), hint=hint)
    return max(mine, key=lambda folder: _order(mine[folder].image.version))


def read_image(directory: Path) -> ImageDirectory:
    """Read what is known of an image directory; its files are not looked at."""
    path = directory / IMAGE_JSON
    if not path.is_file():
        raise BadInputError(f"cannot find {IMAGE_JSON}: not an image directory", where=str(directory))
    return read_record(path, ImageDirectory, hint=f"remove {directory} and build the image again")


def _order(text: str) -> Order:
    version = ImageVersion.parse(text)
    numbers = tuple(int(number) for number in version.upstream.split("."))
    return version.epoch, numbers, version.revisions, version.fingerprint
