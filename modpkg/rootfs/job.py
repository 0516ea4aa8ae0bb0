"""What a build of one module needs to know, as one value that can cross into the namespaces of the build."""

from __future__ import annotations

from pathlib import Path

from modpkg.model.document import Record, Sha256
from modpkg.model.lock import LockedPackage
from modpkg.model.module import ChangelogEntry, Mark, Module
from modpkg.model.platform import Platform
from modpkg.model.recipe import Recipe


class LowerTree(Record):
    """A module below, and its unpacked fragment."""

    module: Module
    tree: Path


class BuildJob(Record):
    """One module to build. `below` is ordered, core first; `work` is an empty directory on the store's disk.

    `level` is the compression level, lower than the platform's for a fast build. The unpacked fragment goes
    into `trees`, named by the fragment's digest.
    """

    recipe: Recipe
    recipe_path: Path
    platform: Platform
    platform_path: Path
    version: str
    source_date_epoch: int
    inputs: Sha256
    marks: tuple[Mark, ...]
    changelog: tuple[ChangelogEntry, ...]
    packages: tuple[LockedPackage, ...]
    files: dict[Sha256, Path]
    below: tuple[LowerTree, ...]
    level: int
    work: Path
    trees: Path

    @property
    def folder(self) -> Path:
        """The folder of the recipe."""
        return self.recipe_path.parent


class Built(Record):
    """What a build leaves in `work`: the fragment, module.json, and what changed in the packages."""

    fragment: Path
    module: Path
    changes: Path
