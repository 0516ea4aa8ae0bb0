"""Releases modules: a new changelog entry that binds the next version to the inputs as they are now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from modpkg.errors import BadInputError
from modpkg.formats.catalogue import load_catalogue, order
from modpkg.formats.edit import add_entry, bind_entry
from modpkg.model.changelog import Entry
from modpkg.pipeline.inputs import all_inputs, version_of
from modpkg.squashfs.pack import tool_versions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.formats.catalogue import Catalogue, RecipeFolder
    from modpkg.model.lock import PlatformLock


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What an entry says: the change, who made it (None: the recipe's maintainer), when (seconds since 1970)."""

    message: str
    author: str | None
    now: int
    urgency: str = "low"

    @property
    def date(self) -> str:
        """The moment as changelogs write it."""
        return datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A module's version before and after, and its changelog."""

    module: str
    old: str
    new: str
    changelog: Path


def unreleased(catalogue: Catalogue, lock: PlatformLock) -> tuple[str, ...]:
    """Give the modules whose inputs are not those of their newest changelog entry, lower ones first."""
    platform = catalogue.platforms[lock.platform]
    inputs = all_inputs(catalogue, platform, lock, tools=tool_versions())
    newest = {name: catalogue.recipes[name].changelog.newest.inputs.get(platform.name) for name in inputs}
    return tuple(name for name, found in inputs.items() if newest[name] != f"sha256:{found.digest}")


def release_all(
    recipes: Path, *, lock: PlatformLock, wording: Wording, dry_run: bool = False
) -> list[Released]:
    """Release every module that is not, lower ones first; those above follow, as their inputs change."""
    released: list[Released] = []
    while names := unreleased(load_catalogue(recipes), lock):
        if dry_run:
            return release_modules(recipes, names, lock=lock, wording=wording, dry_run=True)
        released += release_modules(recipes, names[:1], lock=lock, wording=wording)
    return released


def release_modules(
    recipes: Path, names: Sequence[str], *, lock: PlatformLock, wording: Wording, dry_run: bool = False
) -> list[Released]:
    """Release `names` in the order of their dependencies; raises BadInputError for one with nothing new.

    A newest entry that was never released on this platform is bound to the inputs; else there is a new entry.
    A module above a released one becomes unreleased itself: its module.json names the version below.
    """
    catalogue = load_catalogue(recipes)
    open_ones = unreleased(catalogue, lock)
    for name in names:
        if name not in open_ones:
            raise BadInputError(
                f"nothing to release: the inputs of {name} are those of its newest changelog entry",
                where=str(recipes / "modules" / name / "changelog.yaml"),
            )
    wanted = [name for name in order(catalogue, lock.platform) if name in names]
    return [_release(recipes, name, lock, wording, dry_run=dry_run) for name in wanted]


def _release(recipes: Path, name: str, lock: PlatformLock, wording: Wording, *, dry_run: bool) -> Released:
    # Read anew each time: the entry just written below changes the inputs above.
    catalogue = load_catalogue(recipes)
    folder = catalogue.recipes[name]
    platform = catalogue.platforms[lock.platform]
    digest = all_inputs(catalogue, platform, lock, tools=tool_versions())[name].digest
    path = folder.directory / "changelog.yaml"
    old = version_of(folder)
    if platform.name not in folder.changelog.newest.inputs and folder.changelog.newest.version == old:
        # Written by hand and never released here: it is this release.
        if not dry_run:
            bind_entry(path, platform.name, f"sha256:{digest}")
        return Released(module=name, old=old, new=old, changelog=path)
    new = f"{folder.recipe.version}-{folder.changelog.revision + 1}"
    if not dry_run:
        add_entry(path, _entry(folder, new, platform.name, digest, wording))
    return Released(module=name, old=old, new=new, changelog=path)


def _entry(folder: RecipeFolder, version: str, platform: str, digest: str, wording: Wording) -> Entry:
    return Entry.model_validate(
        {
            "version": version,
            "date": wording.date,
            "author": wording.author or folder.recipe.maintainer,
            "urgency": wording.urgency,
            "changes": (wording.message,),
            "inputs": {platform: f"sha256:{digest}"},
        }
    )
