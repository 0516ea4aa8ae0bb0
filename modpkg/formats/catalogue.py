"""All documents below recipes/, loaded and checked together. It changes nothing and keeps nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar

from modpkg.errors import BadInputError, DocumentError, Problem
from modpkg.formats import graph
from modpkg.formats.crosscheck import Drafts, check_together, edges_of
from modpkg.formats.documents import Loaded, examine
from modpkg.formats.site import COMMON, FOLDER, SitePart, names_of, read_part
from modpkg.model.changelog import Changelog
from modpkg.model.document import Document
from modpkg.model.manifest import Manifest
from modpkg.model.platform import Platform
from modpkg.model.recipe import Recipe
from modpkg.model.site import SiteDocument

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

RECIPE: Final = "recipe.yaml"
CHANGELOG: Final = "changelog.yaml"
D = TypeVar("D", bound=Document)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeFolder:
    """`recipes/modules/<module>/`: a recipe with its changelog and the files it ships."""

    directory: Path
    recipe: Recipe
    changelog: Changelog


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything below recipes/, by name. What it holds is free of faults."""

    root: Path
    platforms: Mapping[str, Platform]
    recipes: Mapping[str, RecipeFolder]
    manifests: Mapping[str, tuple[Path, Manifest]]
    sites: Mapping[str, SitePart] = field(default_factory=dict)

    def site_of(self, image: str) -> tuple[SitePart, ...]:
        """Give what the site adds to an image: what is common to all, then its own."""
        return tuple(self.sites[name] for name in (COMMON, image) if name in self.sites)


def load_catalogue(recipes: Path) -> Catalogue:
    """Load all documents below `recipes`; raises DocumentError with all faults of all files."""
    return _checked(recipes, _drafts(recipes, _folders(recipes)))


def load_images(recipes: Path) -> Catalogue:
    """Load what an image is made by: manifests, platforms, sites. Modules are known by their folders, and not read.

    A manifest that has a lock was checked with the recipes when it was locked. Raises what `load_catalogue` does.
    """
    unread = {folder.name: _unread(folder / RECIPE) for folder in _folders(recipes)}
    return _checked(recipes, replace(_drafts(recipes, ()), recipes=unread))


def _unread(path: Path) -> Loaded[Recipe]:
    return Loaded(path=path, parsed=None, document=None, problems=())


def _checked(recipes: Path, drafts: Drafts) -> Catalogue:
    problems = [*_strays(recipes), *drafts.problems(), *check_together(drafts)]
    if problems:
        raise DocumentError(problems)
    return _catalogue(recipes, drafts)


def _folders(recipes: Path) -> list[Path]:
    if not recipes.is_dir():
        raise BadInputError(
            "cannot find the recipes", where=str(recipes), hint="run it in a checkout of modpkg"
        )
    return sorted(path for path in (recipes / "modules").glob("[!.]*") if path.is_dir())


def order(catalogue: Catalogue, platform: str) -> list[str]:
    """Give the modules of a platform, each after all that it stands on."""
    names = [name for name, folder in catalogue.recipes.items() if platform in folder.recipe.platforms]
    return graph.ordered(_edges(catalogue), names)


def below(catalogue: Catalogue, module: str) -> tuple[str, ...]:
    """Give all modules that one stands on, each after all that it stands on itself; core is the first."""
    edges = _edges(catalogue)
    return tuple(graph.ordered(edges, graph.reachable(edges, module)))


def _edges(catalogue: Catalogue) -> Mapping[str, tuple[str, ...]]:
    return edges_of({name: folder.recipe for name, folder in catalogue.recipes.items()})


def _drafts(recipes: Path, folders: Sequence[Path]) -> Drafts:
    return Drafts(
        root=recipes,
        platforms=_all(recipes / "platforms", Platform),
        recipes={folder.name: examine(folder / RECIPE, Recipe) for folder in folders},
        changelogs={folder.name: examine(folder / CHANGELOG, Changelog) for folder in folders},
        manifests=_all(recipes / "images", Manifest),
        sites=_all(recipes / FOLDER, SiteDocument),
    )


def _all(folder: Path, model: type[D]) -> dict[str, Loaded[D]]:
    return {path.stem: examine(path, model) for path in sorted(folder.glob("[!.]*.yaml"))}


def _strays(recipes: Path) -> list[Problem]:
    # A file that ends in .yml would be left out without a word.
    folders = ("platforms", "images", FOLDER)
    paths = [path for folder in folders for path in recipes.glob(f"{folder}/[!.]*.yml")]
    paths += [*recipes.glob("modules/*/recipe.yml"), *recipes.glob("modules/*/changelog.yml")]
    hint = "rename it: documents end in .yaml"
    return [Problem(file=str(path), message="the file would be ignored", hint=hint) for path in paths]


def _catalogue(root: Path, drafts: Drafts) -> Catalogue:
    changelogs, sites = _documents(drafts.changelogs), _documents(drafts.sites)
    return Catalogue(
        root=root,
        platforms=_documents(drafts.platforms),
        recipes={
            name: RecipeFolder(directory=root / "modules" / name, recipe=recipe, changelog=changelogs[name])
            for name, recipe in _documents(drafts.recipes).items()
        },
        manifests={
            name: (drafts.manifests[name].path, manifest)
            for name, manifest in _documents(drafts.manifests).items()
        },
        sites={name: read_part(root, name, sites.get(name)) for name in names_of(root)},
    )


def _documents(loaded: Mapping[str, Loaded[D]]) -> dict[str, D]:
    return {name: one.document for name, one in loaded.items() if one.document is not None}
