"""What fragments show when they are stacked, read file by file: nothing is mounted, nothing unpacked as a whole."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.image.elf import needed_parts
from modpkg.image.links import chain
from modpkg.image.verify import DIGEST
from modpkg.rootfs.normalize import DIRECTORY_TIME
from modpkg.squashfs.pick import open_picker
from modpkg.squashfs.splice import SpliceLayer, write_splice

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from modpkg.model.module import Module
    from modpkg.squashfs.pick import Picker


class View:
    """Opened fragments, lowest first, and for each path the place of the one that shows it."""

    def __init__(self, modules: Sequence[Module], fragments: Sequence[Path], stack: ExitStack) -> None:
        self.fragments = tuple(fragments)
        self._names = [module.name for module in modules]
        self._owners = {path: place for place, module in enumerate(modules) for path in module.paths}
        self._paths = [module.paths for module in modules]
        self._stack = stack
        self._pickers: dict[int, Picker] = {}

    def read(self, path: str) -> bytes:
        """Give the content of a regular file; raises FileNotFoundError where there is none."""
        place = self._owners.get(path)
        if place is None:
            raise FileNotFoundError(path)
        return self._picker(place).read(path)

    def check(self, path: str, sha256: str) -> None:
        """Raise BadInputError where the content of a regular file has another digest than its module says.

        A squashfs has no sums: what was not compressed may be damaged without a sign.
        """
        place = self._owners[path]
        wanted = self._paths[place][path].split()[DIGEST]
        if sha256 != wanted:
            raise BadInputError(
                f"cannot use the fragment of {self._names[place]}: it is damaged: the sha256 of /{path} is {sha256}, "
                f"its module.json says {wanted}",
                where=str(self.fragments[place]),
                hint="remove that file: it is taken from the module's package again",
            )

    def below(self, folder: str) -> tuple[str, ...]:
        """Give the paths below a directory, sorted; none where no module has it."""
        return tuple(sorted(path for path in self._owners if path.startswith(f"{folder}/")))

    def chain(self, path: str) -> tuple[str, ...]:
        """Give a path and, where it is a link, those it leads over; none where there is no file in the end."""

        def line_of(path: str) -> str | None:
            place = self._owners.get(path)
            return None if place is None else self._paths[place][path]

        return chain(path, line_of)

    def carve(self, paths: Collection[str], destination: Path) -> None:
        """Write a squashfs of these files and links alone: their blocks are copied, nothing is compressed again.

        Equal fragments and paths give equal bytes. Raises FileNotFoundError for a path that no module has.
        """
        missing = [path for path in paths if path not in self._owners]
        if missing:
            raise FileNotFoundError(missing[0])
        kept = {*paths, *(str(parent) for path in paths for parent in PurePosixPath(path).parents)}
        places = sorted({self._owners[path] for path in paths})
        layers = [SpliceLayer(name=self._names[place], path=self.fragments[place]) for place in places]
        left_out = [path for place in places for path in _topmost(self._paths[place], kept)]
        write_splice(layers, destination, time=DIRECTORY_TIME, exclude=left_out)

    def extract(self, paths: Iterable[str], tree: Path) -> None:
        """Write files, which all are in a module, below `tree`, each a program that root may run."""
        # In order: files that follow each other share blocks.
        for path in sorted(paths):
            _place(tree / path).write_bytes(self.read(path))
            (tree / path).chmod(0o755)

    def outline(self, paths: Iterable[str], tree: Path) -> None:
        """Write of each file only what ldconfig reads of a library; the rest are holes. Modes are as in `extract`."""
        for path in sorted(paths):
            picker = self._picker(self._owners[path])
            size = picker.size(path)

            def read(start: int, end: int, path: str = path, picker: Picker = picker) -> bytes:
                return picker.read_span(path, start, end)

            with _place(tree / path).open("wb") as stream:
                for start, end in needed_parts(read, size):
                    stream.seek(start)
                    stream.write(read(start, end))
                stream.truncate(size)
            (tree / path).chmod(0o755)

    def _picker(self, place: int) -> Picker:
        if place not in self._pickers:
            opened = open_picker(self.fragments[place], name=f"the fragment of {self._names[place]}")
            self._pickers[place] = self._stack.enter_context(opened)
        return self._pickers[place]


def _topmost(paths: Collection[str], kept: Collection[str]) -> Iterator[str]:
    # What is not kept, but not what goes with its directory.
    for path in paths:
        parent = path.rpartition("/")[0]
        if path not in kept and (not parent or parent in kept or parent not in paths):
            yield path


def _place(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


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

    def below(self, folder: str) -> tuple[str, ...]:
        """Give the paths below a directory, sorted; none where no module has it."""
        return self.view.below(folder)

    def chain(self, path: str) -> tuple[str, ...]:
        """Give a path and, where it is a link, those it leads over; none where there is no file in the end."""
        return self.view.chain(path)

    def carve(self, paths: Collection[str], destination: Path) -> bool:
        """Write a squashfs of these files of modules alone, compressed as the modules have them."""
        self.view.carve(paths, destination)
        return True

    def where(self, path: str) -> str:
        """Say where a path is, for a message."""
        return f"/{path} of the image"
