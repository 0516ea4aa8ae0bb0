"""Releases modules: a new changelog entry that binds the next version to the inputs as they are now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from modpkg.errors import BadInputError
from modpkg.formats.catalogue import below, load_catalogue, order
from modpkg.formats.edit import add_entry, bind_entry
from modpkg.model.changelog import Changelog, Entry
from modpkg.pipeline.inputs import all_inputs, version_of
from modpkg.pipeline.plan import refuse_unknown
from modpkg.squashfs.pack import tool_versions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from modpkg.formats.catalogue import Catalogue, RecipeFolder
    from modpkg.model.lock import PlatformLock

HINTS: Final = {
    "author": "MODPKG_AUTHOR has to be: Name <user@example.org>",
    "changes": "--message has to say in words what changed, without spaces in front",
    "urgency": "--urgency has to be low, medium, high or emergency",
    "date": "SOURCE_DATE_EPOCH has to be a time of the calendar",
}


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

    @property
    def fields(self) -> dict[str, Any]:
        """What an entry says, by the names of its fields."""
        author = {"author": self.author} if self.author else {}
        return {"date": self.date, "urgency": self.urgency, "changes": (self.message,), **author}


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
    catalogue: Catalogue, *, lock: PlatformLock, wording: Wording, dry_run: bool = False
) -> list[Released]:
    """Release every module that is not, lower ones first; those above follow, as their inputs change."""
    _check(wording)
    if dry_run:
        return _would_release(catalogue, lock, wording)
    released: list[Released] = []
    while names := unreleased(catalogue, lock):
        released += release_modules(catalogue, names[:1], lock=lock, wording=wording)
        catalogue = load_catalogue(catalogue.root)
    return released


def _would_release(catalogue: Catalogue, lock: PlatformLock, wording: Wording) -> list[Released]:
    names = unreleased(catalogue, lock)
    released: list[Released] = []
    for name in order(catalogue, lock.platform):
        # A lower module's new version is an input of those above.
        renewed = {one.module for one in released if one.new != one.old}
        if name in names or renewed & set(below(catalogue, name)):
            released.append(_release(catalogue, name, lock, wording, dry_run=True))
    return released


def release_modules(
    catalogue: Catalogue,
    names: Sequence[str],
    *,
    lock: PlatformLock,
    wording: Wording,
    dry_run: bool = False,
) -> list[Released]:
    """Release `names` in the order of their dependencies; raises BadInputError for one with nothing new.

    A newest entry that was never released on this platform is bound to the inputs; else there is a new entry.
    A module above a released one becomes unreleased itself: its module.json names the version below.
    """
    _check(wording)
    refuse_unknown(catalogue, lock.platform, names)
    open_ones = unreleased(catalogue, lock)
    for name in names:
        if name not in open_ones:
            raise BadInputError(
                f"nothing to release: the inputs of {name} are those of its newest changelog entry",
                where=str(catalogue.root / "modules" / name / "changelog.yaml"),
            )
    released: list[Released] = []
    for name in order(catalogue, lock.platform):
        if name in names:
            # Read anew after each: the entry just written below changes the inputs above.
            now = load_catalogue(catalogue.root) if released and not dry_run else catalogue
            released.append(_release(now, name, lock, wording, dry_run=dry_run))
    return released


def _release(
    catalogue: Catalogue, name: str, lock: PlatformLock, wording: Wording, *, dry_run: bool
) -> Released:
    folder = catalogue.recipes[name]
    path = folder.directory / "changelog.yaml"
    old = version_of(folder)
    if lock.platform not in folder.changelog.newest.inputs and folder.changelog.newest.version == old:
        # Written by hand and never released here: it is this release.
        if not dry_run:
            bind_entry(path, lock.platform, _digest(catalogue, name, lock))
        return Released(module=name, old=old, new=old, changelog=path)
    entry = _entry(folder, wording)
    if not dry_run:
        changelog = Changelog(entries=(entry, *folder.changelog.entries))
        recipes_then = {**catalogue.recipes, name: replace(folder, changelog=changelog)}
        digest = _digest(replace(catalogue, recipes=recipes_then), name, lock)
        add_entry(path, entry.model_copy(update={"inputs": {lock.platform: digest}}))
    return Released(module=name, old=old, new=entry.version, changelog=path)


def _digest(catalogue: Catalogue, name: str, lock: PlatformLock) -> str:
    platform = catalogue.platforms[lock.platform]
    return f"sha256:{all_inputs(catalogue, platform, lock, tools=tool_versions())[name].digest}"


def _entry(folder: RecipeFolder, wording: Wording) -> Entry:
    version = f"{folder.recipe.version}-{folder.changelog.revision + 1}"
    author = wording.author or folder.recipe.maintainer
    return Entry.model_validate({**wording.fields, "version": version, "author": author})


def _check(wording: Wording) -> None:
    # Before anything is written: of several modules none is released, or all are.
    try:
        Entry.model_validate({"version": "1.0.0-1", "author": "A <a@b>", **wording.fields})
    except ValidationError as error:
        if not wording.message:
            raise BadInputError(
                "cannot write the changelog entry: the message is empty", hint=HINTS["changes"]
            ) from error
        field = error.errors()[0]["loc"][0]
        raise BadInputError(
            f"cannot write the changelog entry: {wording.fields[str(field)]!r} is no {field}",
            hint=HINTS[str(field)],
        ) from error
