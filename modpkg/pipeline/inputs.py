"""Everything that enters the bits of a module, as digests: the name of a build, and what binds it to a version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from modpkg.errors import BadInputError
from modpkg.formats.canonical import digest_of
from modpkg.formats.catalogue import below, order
from modpkg.host.files import digest_file, is_special

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from modpkg.formats.catalogue import Catalogue, RecipeFolder
    from modpkg.model.lock import PlatformLock
    from modpkg.model.platform import Platform

# Raised when modpkg itself builds other bits from the same inputs.
BUILD_FORMAT: Final = 2


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of one module: `parts` maps what a user would call them to digests."""

    parts: Mapping[str, str]

    @property
    def digest(self) -> str:
        """The digest of all parts."""
        return digest_of(dict(self.parts))


def all_inputs(
    catalogue: Catalogue, platform: Platform, lock: PlatformLock, *, tools: Mapping[str, str]
) -> dict[str, Inputs]:
    """Give the inputs of every module of a platform, lower modules first. `tools` maps programs to versions."""
    found: dict[str, Inputs] = {}
    for name in order(catalogue, platform.name):
        folder = catalogue.recipes[name]
        parts = {
            "the recipe": digest_of(_recipe_facts(folder, platform.name)),
            "the recipe's files": digest_of(_files(folder)),
            "the changelog": digest_of(entries_of(folder)),
            "the platform": digest_of(_platform_facts(platform, folder)),
            "the tools": digest_of({"format": BUILD_FORMAT, **tools}),
        }
        parts |= {f"package {p.name}": digest_of(p.model_dump()) for p in lock.modules.get(name, ())}
        parts |= {f"module {low}": _identity(catalogue, low, found) for low in below(catalogue, name)}
        found[name] = Inputs(parts)
    return found


def entries_of(folder: RecipeFolder) -> list[dict[str, Any]]:
    """Give what packages show of a changelog: its entries without the digests that bind them."""
    return [entry.model_dump(mode="json", exclude={"inputs"}) for entry in folder.changelog.entries]


def version_of(folder: RecipeFolder) -> str:
    """Give the version a module has by its recipe and changelog."""
    return f"{folder.recipe.version}-{folder.changelog.revision}"


def _identity(catalogue: Catalogue, name: str, found: Mapping[str, Inputs]) -> str:
    # The version too: module.json names the lower modules by version.
    return digest_of([version_of(catalogue.recipes[name]), found[name].digest])


def _recipe_facts(folder: RecipeFolder, platform: str) -> dict[str, Any]:
    facts = folder.recipe.model_dump(mode="json", exclude={"packages", "platforms"})
    return {**facts, "packages": list(folder.recipe.packages_for(platform))}


def _platform_facts(platform: Platform, folder: RecipeFolder) -> dict[str, Any]:
    # Of the table of accounts only what this module makes: a new account elsewhere changes nothing here.
    facts = platform.model_dump(
        mode="json", include={"name", "architecture", "squashfs", "exclude", "include"}
    )
    own = set(folder.recipe.accounts)
    tables = {"users": platform.accounts.users, "groups": platform.accounts.groups}
    accounts = {kind: {n: i for n, i in table.items() if n in own} for kind, table in tables.items()}
    return {**facts, "accounts": accounts, "suite": platform.suite}


def _files(folder: RecipeFolder) -> dict[str, str]:
    sources = [str(content.src) for content in folder.recipe.contents if content.type in {"file", "tree"}]
    roots = [folder.directory / name for name in (*sources, *folder.recipe.scripts)]
    return {
        str(path.relative_to(folder.directory)): _entry(path) for root in roots for path in _all_below(root)
    }


def _all_below(root: Path) -> list[Path]:
    return [root, *sorted(root.rglob("*"))] if root.is_dir() else [root]


def _entry(path: Path) -> str:
    if path.is_symlink():
        return f"link {path.readlink()}"
    if path.is_dir():
        return "directory"
    if is_special(path):
        raise BadInputError("cannot read the file: it is no regular file", where=str(path))
    return digest_file(path)
