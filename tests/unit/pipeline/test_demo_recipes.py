"""What the demo's copy of the recipes takes over, and what it keeps of earlier demos."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from modpkg.errors import DocumentError
from modpkg.formats.documents import load_changelog
from modpkg.pipeline.demo_recipes import copy_recipes

DOCUMENTS = Path(__file__).parents[2] / "golden" / "documents" / "base" / "recipes"
MODULE = "slurm"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DOCUMENTS, tmp_path / "recipes"))


@pytest.fixture
def target(tmp_path: Path, source: Path) -> Path:
    return copy_recipes(source, tmp_path / "copy")


def changelog(recipes: Path) -> Path:
    return recipes / "modules" / MODULE / "changelog.yaml"


def change_recipe(recipes: Path, word: str = "Changed") -> None:
    path = recipes / "modules" / MODULE / "recipe.yaml"
    path.write_text(path.read_text().replace("summary: ", f"summary: {word}, ", 1))


def release(recipes: Path, change: str, *, version: str = "22.5.8") -> None:
    """Put an entry on top, as release-module does."""
    path = changelog(recipes)
    newest = load_changelog(path).newest
    revision = int(newest.version.split("-")[1]) + 1
    entry = (
        f'entries:\n  - version: "{version}-{revision}"\n    date: "2026-01-{revision:02}T00:00:00Z"\n'
        f"    author: {newest.author}\n    changes: [{change}]\n"
    )
    path.write_text(path.read_text().replace("entries:\n", entry, 1))


def test_a_copy_holds_every_file(source: Path, target: Path) -> None:
    names = {path.relative_to(source) for path in source.rglob("*")}
    assert names <= {path.relative_to(target) for path in target.rglob("*")}


def test_recipes_that_did_not_change_are_not_copied_again(source: Path, target: Path) -> None:
    (target / "made-by-the-demo").touch()
    copy_recipes(source, target)
    assert (target / "made-by-the-demo").exists()


def test_a_changed_recipe_keeps_the_demos_releases(source: Path, target: Path) -> None:
    release(target, "by the demo")
    change_recipe(source)
    copy_recipes(source, target)
    assert load_changelog(changelog(target)).revision == load_changelog(changelog(source)).revision + 1
    assert "Changed" in (target / "modules" / MODULE / "recipe.yaml").read_text()


def test_a_release_of_the_same_revision_in_the_original_does_not_replace_the_demos(
    source: Path, target: Path
) -> None:
    release(target, "by the demo")
    release(source, "by its packager")
    copy_recipes(source, target)
    assert load_changelog(changelog(target)).newest.changes == ("by the demo",)


def test_an_original_with_more_releases_replaces_the_demos(source: Path, target: Path) -> None:
    release(target, "by the demo")
    release(source, "by its packager")
    release(source, "again by its packager")
    copy_recipes(source, target)
    assert changelog(target).read_text() == changelog(source).read_text()


def test_the_demos_releases_of_a_higher_version_go_with_it(source: Path, target: Path) -> None:
    recipe = source / "modules" / MODULE / "recipe.yaml"
    text = recipe.read_text()
    recipe.write_text(text.replace('version: "22.5.8"', 'version: "23.0.0"'))
    copy_recipes(source, target)
    release(target, "by the demo", version="23.0.0")
    recipe.write_text(text)
    copy_recipes(source, target)
    assert changelog(target).read_text() == changelog(source).read_text()


def test_faults_of_the_original_are_told_and_the_copy_stays(source: Path, target: Path) -> None:
    release(target, "by the demo")
    before = changelog(target).read_text()
    changelog(source).write_text("entries: 5\n")
    with pytest.raises(DocumentError, match=str(changelog(source))):
        copy_recipes(source, target)
    assert changelog(target).read_text() == before


def test_a_pipe_among_the_recipes_is_told_and_nothing_is_copied(source: Path, tmp_path: Path) -> None:
    os.mkfifo(source / "modules" / MODULE / "pipe")
    with pytest.raises(DocumentError, match=r"slurm/pipe: is neither file, directory nor link"):
        copy_recipes(source, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_mark_that_cannot_be_read_marks_nothing(source: Path, target: Path, content: bytes | None) -> None:
    mark = target / ".copied-from"
    mark.unlink()
    if content is None:
        mark.mkdir()
    else:
        mark.write_bytes(content)
    copy_recipes(source, target)
    assert len(mark.read_text()) == 64
