from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import EXIT_BAD_INPUT, DocumentError
from modpkg.formats.documents import (
    examine,
    load_changelog,
    load_manifest,
    load_platform,
    load_recipe,
    load_repository,
)
from modpkg.model.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable

BASE = Path(__file__).parents[2] / "golden/documents/base"
SLURM = BASE / "recipes/modules/slurm"


def test_a_recipe() -> None:
    recipe = load_recipe(SLURM / "recipe.yaml")
    assert (recipe.name, recipe.version) == ("slurm", "22.5.8")
    assert recipe.packages_for("bookworm") == ("slurmd", "munge")
    assert recipe.packages_for("trixie") == ()
    assert recipe.contents[0].file_info.mode == "0640"
    assert recipe.description == "What nodes need of slurm.\n"


def test_a_changelog() -> None:
    changelog = load_changelog(SLURM / "changelog.yaml")
    assert (changelog.revision, changelog.newest.version) == (2, "22.5.8-2")
    assert changelog.newest.seconds == 1717243200


def test_a_manifest_a_platform_and_a_repository() -> None:
    assert load_manifest(BASE / "recipes/images/compute.yaml").kernel_arguments == ("quiet", "console=ttyS0")
    assert load_platform(BASE / "recipes/platforms/bookworm.yaml").accounts.users["munge"] == 301
    assert load_repository(BASE / "repo/repository.yaml").base_url == "https://repository.example.org/modpkg"


@pytest.mark.parametrize("load", [load_recipe, load_changelog, load_manifest, load_platform, load_repository])
def test_a_faulty_document_ends_a_command_with_bad_input(
    load: Callable[[Path], object], tmp_path: Path
) -> None:
    path = tmp_path / "document.yaml"
    path.write_text("nothing: of this\n")
    with pytest.raises(DocumentError) as raised:
        load(path)
    assert raised.value.exit_code == EXIT_BAD_INPUT
    assert "nothing: unknown key" in str(raised.value)


def test_problems_are_sorted_by_place(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("z: 1\nversion: 1\nz: 2\nname: x y\n")
    with pytest.raises(DocumentError) as raised:
        load_recipe(path)
    places = [(problem.line, problem.column) for problem in raised.value.problems]
    assert places == sorted(places)
    assert places[-1] == (4, 7)


def test_a_file_with_problems_only_in_its_yaml_gives_no_document(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text((SLURM / "recipe.yaml").read_text() + "name: slurm\n")
    loaded = examine(path, Recipe)
    assert loaded.document is None
    assert [problem.message for problem in loaded.problems] == ["the key 'name' is there twice"]
