"""A chroot on its server: where its parts lie, and what is noted about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from modpkg.model.document import Name, Record

if TYPE_CHECKING:
    from pathlib import Path

FORMAT: Literal[1] = 1


class ChrootRecord(Record):
    """`chroot.json` beside a tree: which platform it is of, and which chroot it was copied from."""

    format: Literal[1] = FORMAT
    name: Name
    platform: Name
    cloned_from: Name | None = None


class GenerationRecord(Record):
    """`generations/<number>.json`: when it was committed, in seconds since 1970, and what of it is new.

    `linked` files are those of the generation before; the others have `copied_bytes`.
    """

    number: int
    committed: int
    files: int
    linked: int
    copied_bytes: int


@dataclass(frozen=True, slots=True)
class ChrootPlaces:
    """The parts of one chroot in its folder `root`. Nodes mount this folder, or `tree` alone."""

    root: Path

    @property
    def record(self) -> Path:
        """What is noted about it."""
        return self.root / "chroot.json"

    @property
    def tree(self) -> Path:
        """The tree that software is installed into."""
        return self.root / "tree"

    @property
    def generations(self) -> Path:
        """States of the tree that never change, named by their numbers."""
        return self.root / "generations"

    @property
    def current(self) -> Path:
        """A link to the generation that nodes take."""
        return self.root / "current"

    @property
    def lock(self) -> Path:
        """Held by whoever works on it."""
        return self.root.parent / f".{self.root.name}.lock"

    def generation(self, number: int) -> Path:
        """Give the tree of a generation."""
        return self.generations / str(number)

    def note(self, number: int) -> Path:
        """Give the record of a generation."""
        return self.generations / f"{number}.json"
