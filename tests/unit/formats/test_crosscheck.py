from __future__ import annotations

from pathlib import Path

from modpkg.formats.crosscheck import Drafts, check_together, edges_of
from modpkg.formats.documents import Loaded, validate
from modpkg.formats.yaml import parse
from modpkg.model.recipe import Recipe

FIELDS = """\
version: "1.0.0"
summary: s
description: d
license: MIT
homepage: https://www.example.org
maintainer: A <a@example.org>
platforms: [p]
"""


def recipe(name: str, extra: str = "") -> Loaded[Recipe]:
    path = Path(f"modules/{name}/recipe.yaml")
    return validate(path, parse(f"name: {name}\n{FIELDS}{extra}", file=str(path)), Recipe)


def messages(**recipes: Loaded[Recipe]) -> list[str]:
    drafts = Drafts(root=Path(), platforms={}, recipes=recipes, changelogs={}, manifests={}, sites={})
    return [p.message for p in check_together(drafts) if "platform" not in p.message]


def test_every_module_but_core_stands_on_core() -> None:
    recipes = {name: recipe(name, extra).document for name, extra in [("core", ""), ("a", "depends: [b]")]}
    assert edges_of({name: one for name, one in recipes.items() if one}) == {"core": (), "a": ("core", "b")}


def test_a_catalogue_without_core_is_told() -> None:
    assert messages(a=recipe("a")) == ["the module 'core', on which every module stands, is missing"]


def test_a_faulty_recipe_still_exists_for_others() -> None:
    faulty = recipe("b", "colour: blue\n")
    assert faulty.document is None
    assert messages(core=recipe("core"), a=recipe("a", "depends: [b]\n"), b=faulty) == []


def test_a_module_may_stand_on_one_that_does_the_same() -> None:
    found = messages(
        core=recipe("core"),
        a=recipe("a", "depends: [b, c]\n"),
        b=recipe("b", "depends: [c]\n"),
        c=recipe("c"),
    )
    assert found == []
