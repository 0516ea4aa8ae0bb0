"""What takes the room of an image: by module, by package, by directory. Works on numbers, reads no file.

A module's share is the size of its fragment. Inside a module, compressed bytes are shared out in proportion to the
bytes of the files: what single files compress to is nowhere said.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from modpkg.model.module import Module

SHOWN: Final = 10
DEPTH: Final = 3
NO_PACKAGE: Final = "(no package)"
MEGABYTE: Final = 10**6
SIZE_WORD: Final = 4  # in the line of a file: type, mode, uid, gid, size
Row = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Compressed bytes by name, largest first, of modules, packages (`module/package`) and directories."""

    modules: tuple[Row, ...]
    packages: tuple[Row, ...]
    directories: tuple[Row, ...]


class BudgetError(ModpkgError):
    """An image is larger than its manifest allows. `shares` says what takes the room; sizes in bytes."""

    def __init__(self, image: str, *, size: int, budget: int, shares: Shares) -> None:
        self.size = size
        self.budget = budget
        self.shares = shares
        over = f"{_mb(size)}, {_mb(size - budget)} more than its size-budget of {_mb(budget)}"
        tables = (
            ("by module", shares.modules, len(shares.modules)),
            ("largest packages, estimated", shares.packages, SHOWN),
            ("largest directories, estimated", shares.directories, SHOWN),
        )
        lines = [line for title, rows, count in tables for line in _table(title, rows[:count], size)]
        super().__init__(
            "\n    ".join([f"cannot accept {image}: a node would keep {over}", *lines]),
            hint="leave files out by `exclude` or `kernel-modules` of a recipe, take a module out of the manifest, "
            "or raise size-budget",
        )


def shares_of(modules: Sequence[Module], owners: Mapping[str, Mapping[str, str]]) -> Shares:
    """Share out the fragments of modules. `owners` gives for each module {path: package}."""
    packages: dict[str, float] = defaultdict(float)
    directories: dict[str, float] = defaultdict(float)
    for module in modules:
        sizes = file_sizes(module.paths)
        scale = module.fragment.size / (sum(sizes.values()) or 1)
        for path, size in sizes.items():
            package = owners.get(module.name, {}).get(path, NO_PACKAGE)
            packages[f"{module.name}/{package}"] += size * scale
            directories["/" + "/".join(path.split("/")[:-1][:DEPTH])] += size * scale
    return Shares(
        modules=_largest({module.name: float(module.fragment.size) for module in modules}),
        packages=_largest(packages),
        directories=_largest(directories),
    )


def file_sizes(paths: Mapping[str, str]) -> dict[str, int]:
    """Give the bytes of each file of a module, hard links counted once."""
    words = {path: line.split() for path, line in paths.items()}
    return {
        path: int(word[SIZE_WORD])
        for path, word in words.items()
        if word[0] == "file" and not word[-1].startswith("link=")
    }


def owners_of(lists: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Give {path: package} of dpkg's lists, each (name of the list without .list, text)."""
    return {
        line.lstrip("/"): name.partition(":")[0]
        for name, text in lists
        for line in text.splitlines()
        if line != "/."
    }


def _largest(sizes: Mapping[str, float]) -> tuple[Row, ...]:
    rows = ((name, round(size)) for name, size in sizes.items())
    return tuple(sorted(rows, key=lambda row: (-row[1], row[0])))


def _table(title: str, rows: Sequence[Row], whole: int) -> list[str]:
    width = max((len(name) for name, _ in rows), default=0)
    return [f"{title}:", *(f"  {name:{width}} {_mb(size):>9} {size / whole:4.0%}" for name, size in rows)]


def _mb(size: int) -> str:
    return f"{size / MEGABYTE:.1f} MB"
