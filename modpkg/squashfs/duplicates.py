"""Files of equal content in several layers: by the digests that were taken when the modules were made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from modpkg.squashfs.inodes import EXTENDED, FILE, read_file
from modpkg.squashfs.overlay import LAYER_SHIFT, POSITION_MASK, Directory
from modpkg.squashfs.source import FAULTS, Source, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FILES: Final = (FILE, FILE + EXTENDED)


def is_file(sources: Sequence[Source], key: int) -> bool:
    """Tell whether a key is that of a regular file."""
    return sources[key >> LAYER_SHIFT].inodes.data[key & POSITION_MASK] in FILES


def find_duplicates(
    directories: Sequence[tuple[Directory, str]],
    sources: Sequence[Source],
    digests: Sequence[Mapping[str, str]],
) -> dict[int, int]:
    """Give for each file whose content a lower layer has too the key of that one.

    `digests` are sha256 by path, one mapping a layer. Raises BadInputError where equal digests have different sizes.
    """
    if not any(digests):
        return {}
    originals: dict[str, int] = {}
    for key, digest, _, _ in _known(directories, sources, digests):
        # Keys of lower layers are smaller.
        originals[digest] = min(key, originals.get(digest, key))
    same: dict[int, int] = {}
    for key, digest, path, name in _known(directories, sources, digests):
        if originals[digest] != key:
            _check(sources, (originals[digest], key), (path, name))
            same[key] = originals[digest]
    return same


def _known(
    directories: Sequence[tuple[Directory, str]],
    sources: Sequence[Source],
    digests: Sequence[Mapping[str, str]],
) -> Iterator[tuple[int, str, str, bytes]]:
    for directory, path in directories:
        for name, key in directory.children.items():
            if not isinstance(key, Directory) and is_file(sources, key):
                digest = digests[key >> LAYER_SHIFT].get(joined(path, name))
                if digest:
                    yield key, digest, path, name


def _check(sources: Sequence[Source], keys: tuple[int, int], name: tuple[str, bytes]) -> None:
    sizes = []
    for key in keys:
        source = sources[key >> LAYER_SHIFT]
        try:
            sizes.append(read_file(source, key & POSITION_MASK).size)
        except FAULTS as error:
            source.refuse(error, *name)
    if sizes[0] != sizes[1]:
        first = sources[keys[0] >> LAYER_SHIFT].name
        words = f"it has the digest of a file of {first} and another size"
        sources[keys[1] >> LAYER_SHIFT].refuse(ValueError(words), *name)
