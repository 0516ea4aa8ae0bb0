"""What documents say about each other: names, platforms, modules, circles, versions.

A document with faults of its own still counts as one that exists, so that one fault is told once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from modpkg.errors import Problem
from modpkg.formats import graph
from modpkg.formats.contents import check_files
from modpkg.formats.problems import way_text
from modpkg.formats.site import check_site
from modpkg.formats.words import closest
from modpkg.model.document import Document
from modpkg.model.version import ModuleVersion, upstream_numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from modpkg.formats.documents import Loaded
    from modpkg.formats.yaml import Keys, Parsed
    from modpkg.model.changelog import Changelog
    from modpkg.model.manifest import Manifest
    from modpkg.model.platform import Platform
    from modpkg.model.recipe import Recipe
    from modpkg.model.site import SiteDocument

CORE: Final = "core"
D = TypeVar("D", bound=Document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """All files below recipes/ by the name that their path gives them, with or without faults."""

    root: Path
    platforms: Mapping[str, Loaded[Platform]]
    recipes: Mapping[str, Loaded[Recipe]]
    changelogs: Mapping[str, Loaded[Changelog]]
    manifests: Mapping[str, Loaded[Manifest]]
    sites: Mapping[str, Loaded[SiteDocument]]

    def problems(self) -> list[Problem]:
        """Give the problems that single files have."""
        tables = (self.platforms, self.recipes, self.changelogs, self.manifests, self.sites)
        return [problem for table in tables for loaded in table.values() for problem in loaded.problems]


def check_together(drafts: Drafts) -> Iterator[Problem]:
    """Give the problems that only show when files are seen together."""
    for name, parsed, platform in _sound(drafts.platforms):
        yield from _name(parsed, platform.name, name, "file")
    for name, parsed, recipe in _sound(drafts.recipes):
        yield from _name(parsed, recipe.name, name, "folder")
        yield from _recipe(name, recipe, parsed, drafts)
        yield from check_files(recipe, parsed, drafts.recipes[name].path.parent)
    for name, parsed, changelog in _sound(drafts.changelogs):
        yield from _newest(changelog, parsed, drafts.recipes[name])
    for name, parsed, manifest in _sound(drafts.manifests):
        yield from _name(parsed, manifest.name, name, "file")
        yield from _manifest(manifest, parsed, drafts)
    yield from check_site(drafts.root, drafts.sites, drafts.manifests)
    yield from _circles(drafts)


def edges_of(recipes: Mapping[str, Recipe]) -> dict[str, tuple[str, ...]]:
    """Give what each module stands on directly: what it names, and core."""
    return {
        name: recipe.depends if name == CORE else tuple(dict.fromkeys((CORE, *recipe.depends)))
        for name, recipe in recipes.items()
    }


def _sound(table: Mapping[str, Loaded[D]]) -> Iterator[tuple[str, Parsed, D]]:
    for name, loaded in table.items():
        if loaded.document is not None and loaded.parsed is not None:
            yield name, loaded.parsed, loaded.document


def _name(parsed: Parsed, name: str, wanted: str, place: str) -> Iterator[Problem]:
    if name != wanted:
        message = f"name: {name!r} is not the name of its {place}, {wanted!r}"
        yield parsed.problem(("name",), message, hint=f"rename one: {place} and name are the same")


def _recipe(module: str, recipe: Recipe, parsed: Parsed, drafts: Drafts) -> Iterator[Problem]:
    for index, platform in enumerate(recipe.platforms):
        yield from _known(parsed, ("platforms", index), platform, "platform", drafts.platforms)
    for index, lower in enumerate(recipe.depends):
        way: Keys = ("depends", index)
        yield from _known(parsed, way, lower, "module", drafts.recipes)
        yield from _on_platforms(parsed, way, lower, recipe.platforms, drafts)
        if lower in recipe.conflicts:
            yield parsed.problem(way, f"{way_text(way)}: {lower!r} is under conflicts too", hint="remove one")
    for where, packages in (("packages",), recipe.packages), (("build", "packages"), recipe.build.packages):
        for platform in packages if isinstance(packages, dict) else ():
            if platform not in recipe.platforms:
                place = (*where, platform)
                message = f"{way_text(place)}: {platform!r} is not among the platforms of this recipe"
                hint = closest(platform, recipe.platforms)
                yield parsed.problem(place, message, hint=hint, key=True)
    yield from _accounts(recipe, parsed, drafts)
    if module == CORE and recipe.build.scripts:
        hint = "make a module of it that stands on core"
        yield parsed.problem(("build",), f"build: {CORE!r} is made of packages alone", hint=hint, key=True)
    if module != CORE and CORE not in drafts.recipes:
        message = f"the module {CORE!r}, on which every module stands, is missing"
        yield Problem(file=str(drafts.recipes[module].path), message=message)


def _accounts(recipe: Recipe, parsed: Parsed, drafts: Drafts) -> Iterator[Problem]:
    for name in recipe.platforms:
        loaded = drafts.platforms.get(name)
        if loaded is None or loaded.document is None:
            continue
        accounts = loaded.document.accounts
        known, free = {*accounts.users, *accounts.groups}, accounts.free_ids()
        for index, account in enumerate(recipe.accounts):
            if account not in known:
                message = f"accounts[{index}]: {account!r} has no id on the platform {name!r}"
                line = f"`{account}: {next(free)}`"
                hint = f"add the line {line} to accounts.users, accounts.groups or both in {loaded.path}"
                yield parsed.problem(("accounts", index), message, hint=hint)


def _known(parsed: Parsed, way: Keys, name: str, noun: str, known: Collection[str]) -> Iterator[Problem]:
    if name not in known:
        message = f"{way_text(way)}: there is no {noun} {name!r}"
        yield parsed.problem(way, message, hint=closest(name, known))


def _on_platforms(
    parsed: Parsed, way: Keys, module: str, platforms: Collection[str], drafts: Drafts
) -> Iterator[Problem]:
    recipe = drafts.recipes[module].document if module in drafts.recipes else None
    if recipe is None or not drafts.platforms.keys() >= set(recipe.platforms):
        return  # the recipe's own fault is enough
    for platform in platforms:
        if platform in drafts.platforms and platform not in recipe.platforms:
            message = f"{way_text(way)}: the module {module!r} is not made for the platform {platform!r}"
            hint = f"add it to platforms in {drafts.recipes[module].path}"
            yield parsed.problem(way, message, hint=hint)


def _newest(changelog: Changelog, parsed: Parsed, loaded: Loaded[Recipe]) -> Iterator[Problem]:
    if loaded.document is None:
        return
    # A higher version in the recipe is one that has not been released yet: `release-module` writes its entry.
    newest = ModuleVersion.parse(changelog.newest.version)
    if newest.numbers > upstream_numbers(loaded.document.version):
        message = (
            f"entries[0].version: {newest} is higher than the recipe's version {loaded.document.version}"
        )
        hint = f"versions never fall: write {newest.upstream} or more in {loaded.path}"
        yield parsed.problem(("entries", 0, "version"), message, hint=hint)


def _manifest(manifest: Manifest, parsed: Parsed, drafts: Drafts) -> Iterator[Problem]:
    yield from _known(parsed, ("platform",), manifest.platform, "platform", drafts.platforms)
    names = {pin.name for pin in manifest.modules}
    for index, pin in enumerate(manifest.modules):
        way: Keys = ("modules", index, "name")
        yield from _known(parsed, way, pin.name, "module", drafts.recipes)
        yield from _on_platforms(parsed, way, pin.name, (manifest.platform,), drafts)
        recipe = drafts.recipes[pin.name].document if pin.name in drafts.recipes else None
        for other in sorted(names.intersection(recipe.conflicts)) if recipe else ():
            yield parsed.problem(way, f"{way_text(way)}: {pin.name!r} conflicts with {other!r}")


def _circles(drafts: Drafts) -> Iterator[Problem]:
    sound = {name: (parsed, recipe) for name, parsed, recipe in _sound(drafts.recipes)}
    # Core first: no recipe says that it stands on core, so a circle is shown from core's side.
    names = sorted(sound, key=lambda name: (name != CORE, name))
    for circle in graph.circles(edges_of({name: sound[name][1] for name in names})):
        parsed, recipe = sound[circle[0]]
        way: Keys = ("depends", recipe.depends.index(circle[1]))
        message = f"{way_text(way)}: a circle of modules: {' -> '.join(circle)}"
        yield parsed.problem(way, message, hint="remove one of these dependencies")
