"""Commands on documents of a small checkout: what a user sees, in text and in JSON."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from modpkg.host.run import Completed, run

ROOT = Path(__file__).parents[3]
CODE = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from modpkg.cli.program import main; main()"

pytestmark = pytest.mark.programs
Modpkg = Callable[..., Completed]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    return tmp_path


@pytest.fixture
def modpkg(checkout: Path) -> Modpkg:
    def call(*words: str) -> Completed:
        environment = {"HOME": str(checkout), "MODPKG_STORE": str(checkout / "store")}
        return run([sys.executable, "-c", CODE, *words], env=environment, cwd=checkout, check=False)

    return call


def test_recipes_without_faults_are_counted(modpkg: Modpkg) -> None:
    completed = modpkg("lint-recipe", "--output", "json")
    assert completed.returncode == 0
    assert "core" in json.loads(completed.stdout)["modules"]


def test_all_faults_of_two_recipes_are_told_at_once(checkout: Path, modpkg: Modpkg) -> None:
    for name in ("core", "slurm"):
        path = checkout / "recipes" / "modules" / name / "recipe.yaml"
        path.write_text(path.read_text().replace("summary:", "sumary:"))
    completed = modpkg("lint-recipe", "--output", "json")
    assert completed.returncode == 2
    problems = json.loads(completed.stdout)["error"]["problems"]
    files = {Path(problem["file"]).parent.name for problem in problems}
    assert {"core", "slurm"} <= files
    assert "did you mean" in completed.stderr
    assert "Traceback" not in completed.stderr


def test_without_recipes_the_user_is_told_where_to_stand(checkout: Path, modpkg: Modpkg) -> None:
    shutil.rmtree(checkout / "recipes")
    completed = modpkg("lint-recipe")
    assert completed.returncode == 2
    assert completed.stderr.endswith("cannot find the recipes\n  hint: run it in a checkout of modpkg\n")


def test_a_platform_that_is_not_there_is_named(modpkg: Modpkg) -> None:
    completed = modpkg("build-module", "core", "--platform", "bookwurm")
    assert completed.returncode == 2
    assert "cannot find the platform 'bookwurm'" in completed.stderr


def test_schemas_are_written_and_then_accepted(checkout: Path, modpkg: Modpkg) -> None:
    assert modpkg("schemas", "--check").returncode == 2
    assert modpkg("schemas").returncode == 0
    assert (checkout / "docs" / "reference" / "schemas" / "recipe.json").is_file()
    assert modpkg("schemas", "--check").returncode == 0


def test_an_image_that_was_never_built_cannot_be_shown(modpkg: Modpkg) -> None:
    completed = modpkg("show-image", "compute")
    assert completed.returncode == 2
    assert "invoke build-image compute" in completed.stderr


@pytest.mark.parametrize("output", ["text", "json", "json-lines"])
def test_a_password_that_is_not_hashed_is_shown_nowhere(checkout: Path, modpkg: Modpkg, output: str) -> None:
    site = checkout / "recipes/site"
    site.mkdir()
    (site / "compute.yaml").write_text("root-password: correct-horse\ntime-zon: UTC\n")
    completed = modpkg("lint-recipe", "--output", output)
    assert completed.returncode == 2
    assert "recipes/site/compute.yaml:1:16: root-password: is no hash of crypt(5)" in completed.stderr
    assert "did you mean 'time-zone'?" in completed.stderr
    assert "horse" not in completed.stdout + completed.stderr


def test_a_file_is_edited_from_standard_input_and_checked_with_all_others(
    checkout: Path, modpkg: Modpkg
) -> None:
    words = [sys.executable, "-c", CODE, "edit-image", "compute", "/etc/motd", "--from", "-", "-o", "json"]
    environment = {"HOME": str(checkout), "MODPKG_STORE": str(checkout / "store")}
    completed = run(words, env=environment, cwd=checkout, text="Welcome\n")
    answer = json.loads(completed.stdout)
    assert answer["file"] == str(checkout / "recipes/site/compute/etc/motd")
    assert answer["next"] == ["invoke build-image compute"]
    assert Path(answer["file"]).read_text() == "Welcome\n"
    assert modpkg("lint-recipe").returncode == 0


def test_an_editor_has_the_file_and_may_refuse(checkout: Path) -> None:
    words = [sys.executable, "-c", CODE, "edit-image", "compute", "/etc/motd"]
    environment = {"HOME": str(checkout), "MODPKG_STORE": str(checkout / "store")}
    refused = run(words, env={**environment, "EDITOR": "false"}, cwd=checkout, check=False)
    assert refused.returncode == 1
    assert (
        refused.stderr.splitlines()[-1]
        == "error: cannot go on: false ended with status 1; nothing was changed"
    )
    assert not (checkout / "recipes/site").exists()
    run(words, env={**environment, "EDITOR": "cp /etc/hostname"}, cwd=checkout)
    assert (checkout / "recipes/site/compute/etc/motd").read_bytes() == Path("/etc/hostname").read_bytes()


def test_images_where_none_was_built(modpkg: Modpkg) -> None:
    completed = modpkg("images", "--output", "json")
    assert (completed.returncode, json.loads(completed.stdout)) == (0, [])
    refused = modpkg("remove-image", "compute")
    assert refused.returncode == 2
    assert "cannot find an image 'compute'" in refused.stderr
