"""What fragments show when they are stacked, read file by file: nothing is mounted, nothing unpacked as a whole."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.host.files import temporary_directory
from modpkg.squashfs.extract import extract

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from modpkg.model.module import Module


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Fragments, lowest first, and for each path the place in `fragments` of the one that shows it."""

    fragments: tuple[Path, ...]
    scratch: Path
    owners: Mapping[str, int]

    @classmethod
    def of(cls, modules: Sequence[Module], fragments: Sequence[Path], *, scratch: Path) -> View:
        """Stack the fragments of modules, lowest first; `scratch` is a directory for what is taken out."""
        owners = {path: place for place, module in enumerate(modules) for path in module.paths}
        return cls(fragments=tuple(fragments), owners=owners, scratch=scratch)

    def extract(self, paths: Iterable[str], tree: Path) -> None:
        """Write these paths, and the directories that lead to them, below `tree`; those of no module are left out."""
        wanted: dict[int, list[str]] = defaultdict(list)
        for path in paths:
            if path in self.owners:
                wanted[self.owners[path]].append(path)
        for place, names in sorted(wanted.items()):
            extract(self.fragments[place], names, tree)

    def read(self, path: str) -> bytes:
        """Give the content of a regular file; raises FileNotFoundError where there is none."""
        place = self.owners.get(path)
        if place is None:
            raise FileNotFoundError(path)
        with temporary_directory(self.scratch) as scratch:
            extract(self.fragments[place], [path], scratch / "tree")
            return (scratch / "tree" / path).read_bytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The files of an image: those of the glue before those of fragments."""

    view: View
    glue: Path

    def read(self, path: str) -> bytes:
        """Give the content of a regular file; raises FileNotFoundError where there is none."""
        above = self.glue / path
        return above.read_bytes() if above.is_file() else self.view.read(path)

    def where(self, path: str) -> str:
        """Say where a path is, for a message."""
        return f"/{path} of the image"
