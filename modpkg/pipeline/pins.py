"""Which packages the locks of images name. A package that is pinned is never taken away."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.formats.canonical import read_record
from modpkg.model.lock import ImageLock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


# Names of images by the digest of a .deb that their locks name.
Pins = Mapping[str, tuple[str, ...]]


def read_pins(folders: Iterable[Path]) -> Pins:
    """Give the digest of each .deb that a lock in these folders names, with the images that it is for.

    Raises BadInputError on a lock, or a folder of locks, that cannot be read: what it names must not be lost.
    """
    found: dict[str, list[str]] = {}
    for path in sorted(path for folder in folders for path in _locks(folder)):
        lock = read_record(path, ImageLock, hint="renew it with invoke lock, or remove it")
        for module in lock.modules:
            found.setdefault(module.deb_sha256, []).append(lock.name)
    return {digest: tuple(sorted(set(names))) for digest, names in found.items()}


def _locks(folder: Path) -> list[Path]:
    # A glob takes what it cannot look into for empty.
    try:
        names = os.listdir(folder)  # noqa: PTH208 - the names of some files, and the error of a folder that is none
    except FileNotFoundError as error:
        if not folder.is_symlink():
            return []
        raise _unreadable(folder, error) from error
    except OSError as error:
        raise _unreadable(folder, error) from error
    return [folder / name for name in names if name.endswith(".lock")]


def _unreadable(folder: Path, error: OSError) -> BadInputError:
    return BadInputError(
        f"cannot tell which packages are pinned: {error.strerror}",
        where=str(folder),
        hint="what locks in it name must not be taken away: make it a directory that can be read, or remove it",
    )
