"""The demo's own copy of the recipes, in which it renews the lock and releases modules. Never writes to the original.

Releases of earlier demos stay in it: what they mean is published, so their revisions cannot be given again.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from modpkg.errors import DocumentError, Problem
from modpkg.formats.canonical import digest_of
from modpkg.formats.catalogue import CHANGELOG, RECIPE, load_catalogue
from modpkg.formats.documents import examine
from modpkg.host.files import digest_file, new_directory, write_atomically
from modpkg.model.changelog import Changelog
from modpkg.model.recipe import Recipe
from modpkg.model.version import ModuleVersion, upstream_numbers

if TYPE_CHECKING:
    from pathlib import Path

MARK: Final = ".copied-from"


def copy_recipes(source: Path, target: Path) -> Path:
    """Make `target` a copy of the recipes in `source`, unless they have not changed since; gives `target`.

    Raises DocumentError for faults of the recipes; the copy then stays as it is.
    """
    mark = target / MARK
    paths = sorted(source.rglob("*"))
    files = [path for path in paths if path.is_file()]
    state = digest_of({str(path.relative_to(source)): digest_file(path) for path in files})
    if not _says(mark, state):
        load_catalogue(source)
        _refuse_odd(paths)
        with new_directory(target) as fresh:
            shutil.copytree(source, fresh, symlinks=True, dirs_exist_ok=True)
            for old in sorted(target.glob(f"modules/*/{CHANGELOG}")):
                _keep_releases(old, fresh / "modules" / old.parent.name)
            write_atomically(fresh / MARK, state)
    return target


def _refuse_odd(paths: list[Path]) -> None:
    odd = [path for path in paths if not (path.is_symlink() or path.is_dir() or path.is_file())]
    if odd:
        message = "is neither file, directory nor link"
        raise DocumentError([Problem(file=str(path), message=message, hint="remove it") for path in odd])


def _says(mark: Path, state: str) -> bool:
    # What cannot be read, or was written by another hand, is a copy of nothing that is known.
    try:
        return mark.read_bytes() == state.encode()
    except OSError:
        return False


def _keep_releases(old: Path, folder: Path) -> None:
    kept = examine(old, Changelog).document
    given = examine(folder / CHANGELOG, Changelog).document
    recipe = examine(folder / RECIPE, Recipe).document
    if kept is None or given is None or recipe is None or kept == given:
        return
    # A shorter one was overtaken by the original; a higher version cannot stand beside this recipe.
    newest = ModuleVersion.parse(kept.newest.version)
    if kept.revision >= given.revision and newest.numbers <= upstream_numbers(recipe.version):
        shutil.copyfile(old, folder / CHANGELOG)
