from dataclasses import replace
from pathlib import Path

import pytest

from modpkg.cli.commands.changes import diff_images, outdated, update
from modpkg.cli.commands.modules import build_all, release_module
from modpkg.cli.commands.repositories import publish
from modpkg.cli.options import Session
from modpkg.cli.results.changes import HtmlDiff, MarkdownDiff
from modpkg.errors import BadInputError
from tests.support.sessions import called


@pytest.fixture
def newer(released: Session) -> Session:
    """Give the session after a second release of slurm."""
    recipe = released.recipes / "modules/slurm/recipe.yaml"
    recipe.write_text(recipe.read_text().replace("slurmd runs", "slurmd still runs"))
    later = replace(released, environ={**released.environ, "SOURCE_DATE_EPOCH": "1750000100"})
    called(release_module, later, "slurm", message="Test more.")
    called(build_all, later, offline=True)
    called(publish, later, channel="testing")
    return later


def lock(session: Session) -> Path:
    return session.recipes / "images/compute.lock"


def test_an_image_that_has_the_newest_is_not_outdated(released: Session) -> None:
    result = called(outdated, released)
    assert not result.is_outdated
    assert [(one.name, one.lock, one.update) for one in result.images] == [("compute", "current", "")]


def test_outdated_tells_what_an_update_then_takes(newer: Session) -> None:
    result = called(outdated, newer, image="compute", exit_code=True)
    assert result.exit_code == 1
    (module,) = result.modules
    assert (module.module, module.locked, module.wanted) == ("slurm", "22.5.8-3", "22.5.8-4")
    before = lock(newer).read_bytes()
    planned = called(update, newer, "compute", dry_run=True)
    assert lock(newer).read_bytes() == before
    done = called(update, newer, "compute", module="slurm")
    assert done.is_written
    assert done.diff == planned.diff
    assert [(one.name, one.step, one.new) for one in done.diff.modules] == [("slurm", "up", "22.5.8-4")]
    assert [entry.changes for entry in done.diff.modules[0].entries] == [("Test more.",)]
    assert called(outdated, newer, exit_code=True).exit_code == 0


def test_directories_and_locks_are_compared(newer: Session, tmp_path: Path) -> None:
    old = tmp_path / "old.lock"
    old.write_bytes(lock(newer).read_bytes())
    called(update, newer, "compute")
    by_locks = called(diff_images, newer, str(old), str(lock(newer)))
    by_name = called(diff_images, newer, "compute", str(lock(newer)))
    assert by_locks.modules == by_name.modules
    assert by_name.old.root_size is not None
    assert by_locks.old.root_size is None


@pytest.mark.parametrize(("form", "kind"), [("html", HtmlDiff), ("markdown", MarkdownDiff)])
def test_a_diff_has_the_form_that_was_asked_for(released: Session, form: str, kind: type) -> None:
    assert isinstance(called(diff_images, released, "compute", "compute", format=form), kind)


def test_a_form_is_checked_before_images_are_looked_for(released: Session) -> None:
    with pytest.raises(BadInputError, match="--format"):
        called(diff_images, released, "nothing", "nothing", format="pdf")


def test_unknown_images_are_bad_input(released: Session) -> None:
    with pytest.raises(BadInputError, match="cannot find an image 'comptue'"):
        called(diff_images, released, "compute", "comptue")
    with pytest.raises(BadInputError, match="no image 'comptue'"):
        called(update, released, "comptue")
    with pytest.raises(BadInputError, match="no image 'comptue'"):
        called(outdated, released, image="comptue")
