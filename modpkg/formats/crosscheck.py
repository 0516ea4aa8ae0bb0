"""What documents say about each other: names, platforms, modules, circles, versions.

A document with faults of its own still counts as one that exists, and what is right of it counts as said, so that all
is told at once and one fault is told once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from modpkg.errors import Problem
from modpkg.formats import graph
from modpkg.formats.contents import check_files
from modpkg.formats.drafts import as_far_as_known, column, first_of_each, is_gapped, numbered
from modpkg.formats.problems import way_text
from modpkg.formats.site import check_site
from modpkg.formats.words import closest
from modpkg.model.document import Document
from modpkg.model.globs import glob_pattern
from modpkg.model.recipe import Packages, Recipe
from modpkg.model.version import ModuleVersion, upstream_numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from modpkg.formats.documents import Loaded
    from modpkg.formats.yaml import Keys, Parsed
    from modpkg.model.changelog import Changelog
    from modpkg.model.manifest import Manifest
    from modpkg.model.platform import Platform
    from modpkg.model.site import SiteDocument

CORE: Final = "core"
ROOT: Final = "root"
# These directories of every module's tree are links into /usr, and globs are held against what is behind them.
MERGED: Final = re.compile(r"^/(?=(?:bin|sbin|lib|lib32|lib64|libx32)/)")
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
    for name, parsed, platform in _readable(drafts.platforms):
        yield from _name(parsed, platform, name, "file")
    for name, parsed, recipe in _readable(drafts.recipes):
        yield from _name(parsed, recipe, name, "folder")
        for rule in (_platforms, _depends, _packages, _build, _accounts, _left_out):
            yield from rule(recipe, parsed, drafts)
        yield from check_files(recipe, parsed, drafts.recipes[name].path.parent)
    yield from _without_core(drafts)
    for name, parsed, changelog in _readable(drafts.changelogs):
        yield from _newest(changelog, parsed, drafts.recipes[name])
    for name, parsed, manifest in _readable(drafts.manifests):
        yield from _name(parsed, manifest, name, "file")
        yield from _platform_of(manifest, parsed, drafts)
        yield from _modules(manifest, parsed, drafts)
    yield from check_site(drafts.root, drafts.sites, drafts.manifests)
    yield from _circles(drafts)


def edges_of(recipes: Mapping[str, Recipe]) -> dict[str, tuple[str, ...]]:
    """Give what each module stands on directly: what it names, and core."""
    return {
        name: recipe.depends if name == CORE else tuple(dict.fromkeys((CORE, *recipe.depends)))
        for name, recipe in recipes.items()
    }


def _readable(table: Mapping[str, Loaded[D]]) -> Iterator[tuple[str, Parsed, D]]:
    for name, loaded in table.items():
        if loaded.draft is not None and loaded.parsed is not None:
            yield name, loaded.parsed, loaded.draft


@as_far_as_known
def _name(
    parsed: Parsed, document: Platform | Recipe | Manifest, wanted: str, place: str
) -> Iterator[Problem]:
    if document.name != wanted:
        message = f"name: {document.name!r} is not the name of its {place}, {wanted!r}"
        yield parsed.problem(("name",), message, hint=f"rename one: {place} and name are the same")


@as_far_as_known
def _platforms(recipe: Recipe, parsed: Parsed, drafts: Drafts) -> Iterator[Problem]:
    for index, platform in first_of_each(recipe.platforms):
        yield from _known(parsed, ("platforms", index), platform, "platform", drafts.platforms)


@as_far_as_known
def _depends(recipe: Recipe, parsed: Parsed, drafts: Drafts) -> Iterator[Problem]:
    for index, lower in first_of_each(recipe.depends):
        way: Keys = ("depends", index)
        yield from _known(parsed, way, lower, "module", drafts.recipes)
        yield from _on_platforms(parsed, way, lower, recipe, drafts)
        yield from _at_odds(parsed, way, lower, recipe)


@as_far_as_known
def _at_odds(parsed: Parsed, way: Keys, lower: str, recipe: Recipe) -> Iterator[Problem]:
    if lower in recipe.conflicts:
        yield parsed.problem(way, f"{way_text(way)}: {lower!r} is under conflicts too", hint="remove one")


@as_far_as_known
def _left_out(recipe: Recipe, parsed: Parsed, drafts: Drafts) -> Iterator[Problem]:
    for name in recipe.platforms:
        platform = drafts.platforms[name].draft if name in drafts.platforms else None
        if platform is not None:
            yield from _left_out_on(platform, recipe, parsed)


@as_far_as_known
def _left_out_on(platform: Platform, recipe: Recipe, parsed: Parsed) -> Iterator[Problem]:
    if is_gapped(recipe.include) or is_gapped(platform.include):
        # What is missing may be the exception.
        return
    kept = glob_pattern((*recipe.include, *platform.include))
    excludes = (
        ("of this recipe", glob_pattern(recipe.exclude)),
        (f"of platform {platform.name}", glob_pattern(platform.exclude)),
    )
    for index, content in numbered(recipe.contents):
        dst = content.__dict__.get("dst", "")
        path = MERGED.sub("/usr/", dst)
        who = next((who for who, out in excludes if out.fullmatch(path)), None)
        # Of a tree parts may be left out with intent.
        if who and content.__dict__.get("type") != "tree" and not kept.fullmatch(path):
            message = f"contents[{index}].dst: {dst!r} is left out by `exclude` {who}"
            yield parsed.problem(("contents", index, "dst"), message, hint="add it to `include`")


@as_far_as_known
def _packages(recipe: Recipe, parsed: Parsed, drafts: Drafts) -> Iterator[Problem]:
    del drafts
    yield from _packages_of(("packages",), recipe.packages, recipe, parsed)


@as_far_as_known
def _build(recipe: Recipe, parsed: Parsed, drafts: Drafts) -> Iterator[Problem]:
    del drafts
    yield from _packages_of(("build", "packages"), recipe.build.packages, recipe, parsed)
    if recipe.name == CORE and recipe.build.scripts:
        hint = "make a module of it that stands on core"
        yield parsed.problem(("build",), f"build: {CORE!r} is made of packages alone", hint=hint, key=True)


def _packages_of(way: Keys, packages: Packages, recipe: Recipe, parsed: Parsed) -> Iterator[Problem]:
    for platform in packages if isinstance(packages, dict) else ():
        if platform not in recipe.platforms:
            place = (*way, platform)
            message = f"{way_text(place)}: {platform!r} is not among the platforms of this recipe"
            hint = closest(platform, recipe.platforms)
            yield parsed.problem(place, message, hint=hint, key=True)


def _without_core(drafts: Drafts) -> Iterator[Problem]:
    if CORE not in drafts.recipes:
        message = f"the module {CORE!r}, on which every module stands, is missing"
        yield from (Problem(file=str(loaded.path), message=message) for loaded in drafts.recipes.values())


@as_far_as_known
def _accounts(recipe: Recipe, parsed: Parsed, drafts: Drafts) -> Iterator[Problem]:
    for _, name in first_of_each(recipe.platforms):
        if name in drafts.platforms:
            yield from _accounts_on(recipe, parsed, drafts.platforms[name])


@as_far_as_known
def _accounts_on(recipe: Recipe, parsed: Parsed, platform: Loaded[Platform]) -> Iterator[Problem]:
    if platform.draft is None:
        return
    accounts = platform.draft.accounts
    known, free = {*accounts.users, *accounts.groups}, accounts.free_ids()
    for index, account in first_of_each(recipe.accounts):
        if account == ROOT:
            message = f"accounts[{index}]: 'root' has the id 0 everywhere and need not be listed"
            yield parsed.problem(("accounts", index), message, hint="remove it")
        elif account not in known:
            name = platform.path.stem
            message = f"accounts[{index}]: {account!r} has no id on the platform {name!r}"
            line = f"`{account}: {next(free)}`"
            hint = f"add the line {line} to accounts.users, accounts.groups or both in {platform.path}"
            yield parsed.problem(("accounts", index), message, hint=hint)


def _known(parsed: Parsed, way: Keys, name: str, noun: str, known: Collection[str]) -> Iterator[Problem]:
    if name not in known:
        message = f"{way_text(way)}: there is no {noun} {name!r}"
        yield parsed.problem(way, message, hint=closest(name, known))


@as_far_as_known
def _on_platforms(
    parsed: Parsed, way: Keys, module: str, upper: Recipe | Manifest, drafts: Drafts
) -> Iterator[Problem]:
    recipe = drafts.recipes[module].draft if module in drafts.recipes else None
    if recipe is None or not drafts.platforms.keys() >= set(recipe.platforms):
        return  # the recipe's own fault is enough
    for _, platform in first_of_each(upper.platforms if isinstance(upper, Recipe) else (upper.platform,)):
        if platform in drafts.platforms and platform not in recipe.platforms:
            message = f"{way_text(way)}: the module {module!r} is not made for the platform {platform!r}"
            hint = f"add it to platforms in {drafts.recipes[module].path}"
            yield parsed.problem(way, message, hint=hint)


@as_far_as_known
def _newest(changelog: Changelog, parsed: Parsed, loaded: Loaded[Recipe]) -> Iterator[Problem]:
    if loaded.draft is None:
        return
    # A higher version in the recipe is one that has not been released yet: `release-module` writes its entry.
    newest = ModuleVersion.parse(changelog.newest.version)
    if newest.numbers > upstream_numbers(loaded.draft.version):
        message = f"entries[0].version: {newest} is higher than the recipe's version {loaded.draft.version}"
        hint = f"versions never fall: write {newest.upstream} or more in {loaded.path}"
        yield parsed.problem(("entries", 0, "version"), message, hint=hint)


@as_far_as_known
def _platform_of(manifest: Manifest, parsed: Parsed, drafts: Drafts) -> Iterator[Problem]:
    yield from _known(parsed, ("platform",), manifest.platform, "platform", drafts.platforms)


@as_far_as_known
def _modules(manifest: Manifest, parsed: Parsed, drafts: Drafts) -> Iterator[Problem]:
    names = column(manifest.modules, "name")
    for index, name in first_of_each(names):
        way: Keys = ("modules", index, "name")
        yield from _known(parsed, way, name, "module", drafts.recipes)
        yield from _on_platforms(parsed, way, name, manifest, drafts)
        yield from _conflicts(parsed, way, name, set(names), drafts)


@as_far_as_known
def _conflicts(
    parsed: Parsed, way: Keys, name: str, names: Collection[str], drafts: Drafts
) -> Iterator[Problem]:
    recipe = drafts.recipes[name].draft if name in drafts.recipes else None
    for other in sorted({*recipe.conflicts}.intersection(names)) if recipe else ():
        yield parsed.problem(way, f"{way_text(way)}: {name!r} conflicts with {other!r}")


def _circles(drafts: Drafts) -> Iterator[Problem]:
    # Core first: no recipe says that it stands on core, so a circle is shown from core's side.
    known = {
        name: (parsed, recipe)
        for name, parsed, recipe in _readable(drafts.recipes)
        if "depends" in recipe.__dict__
    }
    names = sorted(known, key=lambda name: (name != CORE, name))
    for circle in graph.circles(edges_of({name: known[name][1] for name in names})):
        parsed, recipe = known[circle[0]]
        index = next(index for index, lower in numbered(recipe.depends) if lower == circle[1])
        way: Keys = ("depends", index)
        message = f"{way_text(way)}: a circle of modules: {' -> '.join(circle)}"
        yield parsed.problem(way, message, hint="remove one of these dependencies")
