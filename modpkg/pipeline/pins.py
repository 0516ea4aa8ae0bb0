"""Which packages the locks of images name. A package that is pinned is never taken away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from modpkg.formats.canonical import read_record
from modpkg.model.lock import ImageLock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


# Names of images by the digest of a .deb that their locks name.
Pins = Mapping[str, tuple[str, ...]]


def read_pins(folders: Iterable[Path]) -> Pins:
    """Give the digest of each .deb that a lock in these folders names, with the images that it is for.

    Raises BadInputError on a lock that cannot be read: what it names must not be lost.
    """
    found: dict[str, list[str]] = {}
    for path in sorted(path for folder in folders for path in folder.glob("*.lock")):
        lock = read_record(path, ImageLock, hint="renew it with invoke lock, or remove it")
        for module in lock.modules:
            found.setdefault(module.deb_sha256, []).append(lock.name)
    return {digest: tuple(sorted(set(names))) for digest, names in found.items()}
