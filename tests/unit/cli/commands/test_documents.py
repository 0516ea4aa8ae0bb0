from pathlib import Path

import pytest

from modpkg.cli.commands.documents import lint_recipe, lock_platform, schemas
from modpkg.errors import BadInputError, DocumentError
from modpkg.pipeline import lock_platform as pipeline
from modpkg.pipeline.platform_lock import Wish
from tests.support.checkout import Checkout, package
from tests.support.sessions import called, session_of


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout.made(tmp_path)


def test_documents_without_faults_are_counted(checkout: Checkout) -> None:
    result = called(lint_recipe, session_of(checkout))
    assert (result.platforms, result.modules, result.images) == (
        *(("bookworm",), ("core", "kernel", "slurm"), ("compute",)),
    )


def test_all_faults_are_told_at_once(checkout: Checkout) -> None:
    checkout.change("modules/slurm/recipe.yaml", "summary:", "sumary:")
    checkout.change("images/compute.yaml", "summary:", "sumary:")
    with pytest.raises(DocumentError) as caught:
        called(lint_recipe, session_of(checkout))
    assert {Path(problem.file).name for problem in caught.value.problems} == {"recipe.yaml", "compute.yaml"}


def test_schemas_are_written_and_then_found_fresh(checkout: Checkout) -> None:
    folder = checkout.root / "docs/reference/schemas"
    written = called(schemas, session_of(checkout))
    assert {path.name for path in written} >= {"recipe.json", "platform.json", "manifest.json"}
    assert all(path.parent == folder for path in written)
    assert called(schemas, session_of(checkout), check=True) == []


def test_stale_schemas_are_named_and_not_written(checkout: Checkout) -> None:
    called(schemas, session_of(checkout))
    path = checkout.root / "docs/reference/schemas/recipe.json"
    path.write_text("{}")
    with pytest.raises(
        BadInputError, match=r"cannot accept recipe\.json\n  hint: renew them: invoke schemas"
    ):
        called(schemas, session_of(checkout), check=True)
    assert path.read_text() == "{}"


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_platform_is_locked_from_what_recipes_ask_for(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, *, dry_run: bool
) -> None:
    lock = checkout.lock(slurm=(package("munge", "2"),))
    asked: list[Wish] = []

    def lock_it(wish: Wish, path: Path, **options: object) -> pipeline.Locked:
        asked.append(wish)
        assert path == checkout.path("platforms/bookworm.lock")
        assert options["dry_run"] == dry_run
        assert options["work"] == checkout.root / "build/lock"
        change = pipeline.Change(module="slurm", package="munge", kind="up", old="1", new="2")
        return pipeline.Locked(lock=lock, path=path, changes=(change,), receipt=None)

    monkeypatch.setattr(pipeline, "lock_platform", lock_it)
    result = called(lock_platform, session_of(checkout), "bookworm", dry_run=dry_run)
    assert [request.module for request in asked[0].requests] == ["core", "kernel", "slurm"]
    assert (result.platform, result.is_written, result.packages) == ("bookworm", False, 4)
    assert result.changes[0].change == "up"


def test_a_platform_that_is_not_there(checkout: Checkout) -> None:
    with pytest.raises(BadInputError, match="there are bookworm"):
        called(lock_platform, session_of(checkout), "el9")
