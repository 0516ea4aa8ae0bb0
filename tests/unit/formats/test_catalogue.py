from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from modpkg.errors import BadInputError, DocumentError
from modpkg.formats.catalogue import below, load_catalogue, load_images, order

BASE = Path(__file__).parents[2] / "golden/documents/base/recipes"


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    return shutil.copytree(BASE, tmp_path / "recipes")


def add(recipes: Path, name: str, *, depends: str = "[]", like: str = "kernel") -> None:
    folder = shutil.copytree(recipes / "modules" / like, recipes / "modules" / name)
    text = (folder / "recipe.yaml").read_text().replace(f"name: {like}", f"name: {name}")
    (folder / "recipe.yaml").write_text(f"{text}depends: {depends}\n")


def test_everything_has_its_name(recipes: Path) -> None:
    catalogue = load_catalogue(recipes)
    assert list(catalogue.platforms) == ["bookworm"]
    assert list(catalogue.recipes) == ["core", "kernel", "slurm"]
    path, manifest = catalogue.manifests["compute"]
    assert path == recipes / "images/compute.yaml"
    assert manifest.platform == "bookworm"
    slurm = catalogue.recipes["slurm"]
    assert slurm.directory == recipes / "modules/slurm"
    assert slurm.changelog.newest.version == f"{slurm.recipe.version}-2"


def test_the_order_has_the_lower_first(recipes: Path) -> None:
    add(recipes, "alpha", depends="[zeta]")
    add(recipes, "zeta")
    catalogue = load_catalogue(recipes)
    assert order(catalogue, "bookworm") == ["core", "kernel", "zeta", "alpha", "slurm"]
    assert below(catalogue, "alpha") == ("core", "zeta")
    assert below(catalogue, "core") == ()


def test_the_order_of_a_platform_has_its_modules_only(recipes: Path) -> None:
    assert order(load_catalogue(recipes), "trixie") == []


def test_a_version_that_is_not_released_yet_is_no_fault(recipes: Path) -> None:
    path = recipes / "modules/slurm/recipe.yaml"
    path.write_text(path.read_text().replace("22.5.8", "22.10.0"))
    slurm = load_catalogue(recipes).recipes["slurm"]
    assert slurm.recipe.version == "22.10.0"


def test_core_may_be_named_but_need_not(recipes: Path) -> None:
    add(recipes, "alpha", depends="[core, kernel]")
    assert below(load_catalogue(recipes), "alpha") == ("core", "kernel")


def test_no_recipes_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot find the recipes"):
        load_catalogue(tmp_path / "recipes")


def test_empty_recipes_are_a_catalogue(tmp_path: Path) -> None:
    assert load_catalogue(tmp_path).recipes == {}


def test_hidden_files_are_not_looked_at(recipes: Path) -> None:
    (recipes / "platforms/.#bookworm.yaml").write_text("being: edited")
    (recipes / "modules/.git").mkdir()
    assert len(load_catalogue(recipes).recipes) == 3


def test_faults_of_all_files_are_told_at_once(recipes: Path) -> None:
    (recipes / "platforms/trixie.yaml").write_text("")
    (recipes / "modules/core/changelog.yaml").unlink()
    (recipes / "images/compute.yaml").write_text("name: [\n")
    add(recipes, "alpha", depends="[betta]")
    with pytest.raises(DocumentError) as raised:
        load_catalogue(recipes)
    files = [Path(problem.file).relative_to(recipes).as_posix() for problem in raised.value.problems]
    assert files == [
        "images/compute.yaml",
        "modules/alpha/recipe.yaml",
        "modules/core/changelog.yaml",
        "platforms/trixie.yaml",
    ]


def test_images_are_known_without_their_recipes_being_read(recipes: Path) -> None:
    whole = load_catalogue(recipes)
    (recipes / "modules/slurm/recipe.yaml").write_text("name: [\n")
    (recipes / "modules/core/changelog.yaml").unlink()
    found = load_images(recipes)
    assert found.recipes == {}
    assert (found.platforms, found.manifests, found.sites) == (whole.platforms, whole.manifests, whole.sites)


def test_faults_of_manifests_platforms_and_names_of_modules_are_told_for_images_too(recipes: Path) -> None:
    (recipes / "platforms/trixie.yaml").write_text("")
    shutil.rmtree(recipes / "modules/slurm")
    with pytest.raises(DocumentError) as raised:
        load_images(recipes)
    said = {Path(problem.file).name: problem.message for problem in raised.value.problems}
    assert said.keys() == {"compute.yaml", "trixie.yaml"}
    assert said["compute.yaml"].endswith("there is no module 'slurm'")
    with pytest.raises(BadInputError, match="cannot find the recipes"):
        load_images(recipes / "nowhere")


def test_a_document_that_changed_is_read_anew(recipes: Path) -> None:
    path = recipes / "modules/slurm/recipe.yaml"
    before = load_catalogue(recipes).recipes["slurm"].recipe
    # Of the same length, and within the resolution of a file's time.
    path.write_text(path.read_text().replace("22.5.8", "22.5.9"))
    after = load_catalogue(recipes).recipes["slurm"].recipe
    assert (before.version, after.version) == ("22.5.8", "22.5.9")
    path.write_text("name: [\n")
    with pytest.raises(DocumentError):
        load_catalogue(recipes)


def test_ten_modules_load_in_a_quarter_of_a_second(recipes: Path) -> None:
    for number in range(8):
        add(recipes, f"extra-{number}", like="slurm")
        folder = recipes / "modules" / f"extra-{number}"
        text = (folder / "recipe.yaml").read_text().replace("depends: [kernel]\n", "")
        (folder / "recipe.yaml").write_text(text)
    load_catalogue(recipes)
    start = time.process_time()
    load_catalogue(recipes)
    assert time.process_time() - start < 0.25
