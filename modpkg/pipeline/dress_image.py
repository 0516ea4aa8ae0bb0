"""Adds to an image that was built again what does not follow from its modules: a site's layer, an EFI program.

They are taken as they were found. All files that name them are written anew, so that every other file can be
compared to the byte.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from modpkg.formats.canonical import canonical_json, read_record
from modpkg.host.files import receipt_of
from modpkg.image.boot_files import boot_texts
from modpkg.model.image import SITE, ImageDirectory, ImageFile
from modpkg.pipeline.describe_image import IMAGE_JSON, SUMS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

EFI: Final = ".efi"


def taken_files(about: ImageDirectory) -> tuple[str, ...]:
    """Name the files of an image that modules do not make."""
    return tuple(name for name in sorted(about.files) if name == SITE or name.endswith(EFI))


def dress(built: Path, found: Path, about: ImageDirectory) -> tuple[str, ...]:
    """Take such files from `found` into `built`, and give their names; the digests are those of what was found."""
    names = tuple(name for name in taken_files(about) if (found / name).is_file())
    if not names:
        return ()
    for name in names:
        shutil.copyfile(found / name, built / name)
    record = read_record(built / IMAGE_JSON, ImageDirectory)
    listed = {*record.files, *names}
    files = _measured(built, listed, known=record.files)
    texts = boot_texts(record.model_copy(update={"site": about.site, "files": files}))
    for name, text in texts.items():
        (built / name).write_text(text, encoding="utf-8")
    same = {name: file for name, file in files.items() if name not in texts}
    record = record.model_copy(update={"site": about.site, "files": _measured(built, listed, known=same)})
    (built / IMAGE_JSON).write_text(canonical_json(record), encoding="utf-8")
    sums = _measured(built, {*listed, IMAGE_JSON}, known=record.files)
    text = "".join(f"{file.sha256}  {name}\n" for name, file in sums.items())
    (built / SUMS).write_text(text, encoding="utf-8")
    return names


def _measured(
    directory: Path, names: Collection[str], *, known: Mapping[str, ImageFile]
) -> dict[str, ImageFile]:
    found = {}
    for name in sorted(names):
        if name in known:
            found[name] = known[name]
        elif (directory / name).is_file():
            receipt = receipt_of(directory / name)
            found[name] = ImageFile(size=receipt.size, sha256=receipt.sha256)
    return found
