"""Files that several image directories have in common, kept once: hard links between directories."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from modpkg.host.files import same_content
from modpkg.model.image import ROOT, SITE
from modpkg.pipeline.images import built_images

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.image import ImageDirectory, ImageFile

# Small files are not worth it: who edits one of them in place would edit all.
SHARED: Final = ("initrd", ROOT, SITE, "vmlinuz")


def share(directory: Path, record: ImageDirectory, *, images: Path) -> tuple[str, ...]:
    """Put hard links in the place of files of `directory` that another image below `images` has; give their names.

    Images are never changed in place, so that a file can be of many. A file that is not what its image.json says
    is left alone, as is one on another file system.
    """
    known = _known(images, but=directory)
    return tuple(
        name
        for name in SHARED
        if name in record.files and _link(directory / name, record.files[name], known.get(name, []))
    )


def _known(images: Path, *, but: Path) -> dict[str, list[tuple[ImageFile, Path]]]:
    known: dict[str, list[tuple[ImageFile, Path]]] = {name: [] for name in SHARED}
    for image in built_images(images):
        for name in SHARED:
            if name in image.about.files and image.directory != but:
                known[name].append((image.about.files[name], image.directory / name))
    return known


def _link(path: Path, file: ImageFile, others: list[tuple[ImageFile, Path]]) -> bool:
    for other, place in others:
        if other == file and place.is_file() and not place.is_symlink() and same_content(place, path):
            temporary = path.with_name(f".{path.name}.link")
            try:
                os.link(place, temporary)
            except OSError:
                return False  # another file system, or more links than this one takes
            temporary.replace(path)
            return True
    return False
