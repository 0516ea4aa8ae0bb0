"""The distribution packages that published modules were made from, kept in the repository under their digest.

A module can so be built again when the archive has dropped them. Builds nothing, and removes nothing: `prune` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.pipeline.pool import intake

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from modpkg.model.repository import Places


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A distribution package: its sha256, its name in the archive, and where it lies now."""

    sha256: str
    file_name: str
    path: Path


# What modules were made from, by the file names of their .deb packages.
Inputs = Mapping[str, tuple[Input, ...]]


def unkept(places: Places, inputs: Inputs) -> dict[str, tuple[Input, ...]]:
    """Give those modules whose inputs are not all in the repository, each with what it lacks."""
    found = {}
    for name, needed in inputs.items():
        missing = tuple(each for each in needed if not kept_path(places.inputs, each).exists())
        if missing or not (places.input_lists / name).exists():
            found[name] = missing
    return found


def keep_inputs(places: Places, inputs: Inputs) -> int:
    """Take inputs into the repository, and write down what they are for; give how many were not there."""
    missing = unkept(places, inputs)
    if not missing:
        return 0
    new = {each.sha256: each for needed in missing.values() for each in needed}
    with intake(places) as taking:
        for each in new.values():
            taking.link(each.path, kept_path(places.inputs, each))
        for name in missing:
            taking.write(places.input_lists / name, _text(inputs[name]))
    return len(new)


def kept_path(directory: Path, wanted: Input) -> Path:
    """Give where an input lies, or would lie."""
    return directory / wanted.sha256 / wanted.file_name


def named_inputs(places: Places, debs: Collection[str]) -> Iterator[str]:
    """Give what must be kept for these packages, by their file names: paths below the repository."""
    if not places.input_lists.is_dir():
        return
    www = places.inputs.relative_to(places.root)
    for path in places.input_lists.iterdir():
        if path.name in debs:
            yield str(path.relative_to(places.root))
            yield from (f"{www}/{line.split()[0]}" for line in path.read_text(encoding="utf-8").splitlines())


def _text(inputs: tuple[Input, ...]) -> str:
    # As sha256sum writes it: who has lost everything else can still check and use what is there.
    lines = sorted(f"{each.sha256}  {each.file_name}\n" for each in inputs)
    return "".join(lines)
