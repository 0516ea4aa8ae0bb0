"""What fragments show when they are stacked, read file by file: nothing is mounted, nothing unpacked as a whole."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modpkg.squashfs.pick import open_picker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from modpkg.model.module import Module
    from modpkg.squashfs.pick import Picker


class View:
    """Opened fragments, lowest first, and for each path the place of the one that shows it."""

    def __init__(self, modules: Sequence[Module], fragments: Sequence[Path], stack: ExitStack) -> None:
        self.fragments = tuple(fragments)
        self._names = [module.name for module in modules]
        self._owners = {path: place for place, module in enumerate(modules) for path in module.paths}
        self._stack = stack
        self._pickers: dict[int, Picker] = {}

    def read(self, path: str) -> bytes:
        """Give the content of a regular file; raises FileNotFoundError where there is none."""
        place = self._owners.get(path)
        if place is None:
            raise FileNotFoundError(path)
        return self._picker(place).read(path)

    def extract(self, paths: Iterable[str], tree: Path) -> None:
        """Write files, which all are in a module, below `tree`, each a program that root may run."""
        # In order: files that follow each other share blocks.
        for path in sorted(paths):
            target = tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.read(path))
            target.chmod(0o755)

    def _picker(self, place: int) -> Picker:
        if place not in self._pickers:
            opened = open_picker(self.fragments[place], name=f"the fragment of {self._names[place]}")
            self._pickers[place] = self._stack.enter_context(opened)
        return self._pickers[place]


@contextmanager
def opened(modules: Sequence[Module], fragments: Sequence[Path]) -> Iterator[View]:
    """Stack the fragments of modules, lowest first, inside the block."""
    with ExitStack() as stack:
        yield View(modules, fragments, stack)


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
