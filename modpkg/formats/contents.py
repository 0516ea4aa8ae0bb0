"""The files that a recipe names: they exist, and they lie in the recipe's folder. It only looks."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from modpkg.formats.drafts import as_far_as_known, numbered
from modpkg.model.left_out import BYTE_CODE, why_left_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from modpkg.errors import Problem
    from modpkg.formats.yaml import Keys, Parsed
    from modpkg.model.recipe import Content, Recipe


def check_files(recipe: Recipe, parsed: Parsed, folder: Path) -> Iterator[Problem]:
    """Give the problems of the paths in `contents` and `scripts` of a recipe in `folder`."""
    for rule in (_contents, _scripts):
        yield from rule(recipe, parsed, folder)


@as_far_as_known
def _contents(recipe: Recipe, parsed: Parsed, folder: Path) -> Iterator[Problem]:
    for index, content in numbered(recipe.contents):
        yield from _content(content, index, parsed, folder)


@as_far_as_known
def _content(content: Content, index: int, parsed: Parsed, folder: Path) -> Iterator[Problem]:
    # The src of a symlink is its target, a path of the image.
    if content.src is not None and content.type in {"file", "tree"}:
        way: Keys = ("contents", index, "src")
        fault = _fault(folder, content.src, tree=content.type == "tree")
        yield from _problem(parsed, way, f"contents[{index}].src", fault)
        if fault is None and content.type == "tree":
            for inner in _tree_faults(folder / content.src, content.dst):
                yield from _problem(parsed, way, f"contents[{index}].src", inner)


@as_far_as_known
def _scripts(recipe: Recipe, parsed: Parsed, folder: Path) -> Iterator[Problem]:
    for index, script in numbered(recipe.scripts):
        fault = _fault(folder, script, tree=False)
        yield from _problem(parsed, ("scripts", index), f"scripts[{index}]", fault)


def _tree_faults(tree: Path, dst: str) -> Iterator[tuple[str, str]]:
    for path in sorted(tree.rglob("*")):
        is_file = path.is_file() and not path.is_symlink()
        if not (is_file or path.is_symlink() or path.is_dir()):
            # To read a pipe would be to wait without an end.
            yield f"{path} is no file, no directory and no symbolic link", "take it out of the tree"
        relative = path.relative_to(tree)
        # What Python leaves beside a program that was tried is nobody's wish.
        if BYTE_CODE not in relative.parts and (fault := why_left_out(f"{dst}/{relative}", is_file=is_file)):
            yield f"{path} would be {dst}/{relative}, which {fault[0]}", fault[1]


def _problem(parsed: Parsed, way: Keys, name: str, fault: tuple[str, str] | None) -> Iterator[Problem]:
    if fault:
        message, hint = fault
        yield parsed.problem(way, f"{name}: {message}", hint=hint)


def _fault(folder: Path, src: str, *, tree: bool) -> tuple[str, str] | None:
    inside = f"give a path inside {folder}"
    if src.startswith("/"):
        return f"{src!r} is absolute", inside
    if ".." in PurePosixPath(src).parts:
        return f"{src!r} leaves the recipe's folder", inside
    try:
        return _file_fault(folder, folder / src, tree=tree)
    except RuntimeError:  # how pathlib tells of links in a circle
        return f"{folder / src} is a symbolic link that leads to itself", ""
    except OSError as error:
        return f"cannot look at {folder / src}: {error.strerror}", ""


def _file_fault(folder: Path, path: Path, *, tree: bool) -> tuple[str, str] | None:
    # First of all, so that a link that leaves and leads nowhere is told as one that leaves.
    if not path.resolve().is_relative_to(folder.resolve()):
        return f"{path} is or goes through a symbolic link that leaves the recipe's folder", "copy the file"
    if not path.exists():
        return f"{path} does not exist", ""
    if tree and not path.is_dir():
        return f"{path} is not a directory", "write `type: file`"
    if not tree and not path.is_file():
        return f"{path} is not a file", "write `type: tree` for a directory" if path.is_dir() else ""
    return None
