from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.cli.commands.chroots import (
    chroot_clone,
    chroot_commit,
    chroot_create,
    chroot_list,
    chroot_remove,
    chroot_shell,
)
from modpkg.cli.options import Session
from modpkg.cli.render import to_data
from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import ignore
from tests.support.little_chroot import little_chroot, needs_root
from tests.support.sessions import called

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.chroot import ChrootPlaces

pytestmark = needs_root


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(project=tmp_path, work=tmp_path / "build", store=tmp_path / "store", sink=ignore)


@pytest.fixture
def apps(session: Session) -> ChrootPlaces:
    return little_chroot(session.work / "chroots")


def test_a_commit_tells_what_is_new_and_what_went(session: Session, apps: ChrootPlaces) -> None:
    planned = to_data(called(chroot_commit, session, "apps", dry_run=True))
    assert (planned["generation"], planned["files"], planned["is_done"]) == (1, None, False)
    first = to_data(called(chroot_commit, session, "apps"))
    assert first == {
        "name": "apps",
        "generation": 1,
        "files": 2,
        "linked": 0,
        "copied_bytes": 6,
        "removed": [],
        "directory": str(apps.root),
        "is_done": True,
    }
    assert to_data(called(chroot_commit, session, "apps", keep=1))["removed"] == [1]


def test_the_list_has_all_of_them(session: Session, apps: ChrootPlaces) -> None:
    called(chroot_commit, session, "apps")
    called(chroot_clone, session, "apps", "apps-test")
    rows = to_data(called(chroot_list, session))
    assert [(row["name"], row["generations"], row["current"]) for row in rows] == [
        ("apps", [1], 1),
        ("apps-test", [], None),
    ]
    assert rows[0]["directory"] == str(apps.root)


@pytest.mark.usefixtures("apps")
def test_one_generation_or_all_is_removed(session: Session) -> None:
    for _ in range(2):
        called(chroot_commit, session, "apps")
    called(chroot_remove, session, "apps", generation=1)
    assert to_data(called(chroot_list, session))[0]["generations"] == [2]
    assert not to_data(called(chroot_remove, session, "apps", dry_run=True))["is_done"]
    called(chroot_remove, session, "apps")
    assert called(chroot_list, session) == []


def test_the_place_is_named_by_option_then_by_variable(session: Session, tmp_path: Path) -> None:
    little_chroot(tmp_path / "one")
    little_chroot(tmp_path / "two", "other")
    named = Session(
        project=tmp_path,
        work=session.work,
        store=session.store,
        sink=ignore,
        environ={"MODPKG_CHROOTS": str(tmp_path / "two")},
    )
    assert [row["name"] for row in to_data(called(chroot_list, named))] == ["other"]
    rows = to_data(called(chroot_list, named, place=str(tmp_path / "one")))
    assert [row["name"] for row in rows] == ["apps"]


@pytest.mark.parametrize("act", [chroot_commit, chroot_remove, chroot_shell])
def test_one_that_is_not_there_is_told_with_the_way_out(session: Session, act: object) -> None:
    with pytest.raises(BadInputError, match="there is no such chroot") as caught:
        called(act, session, "none")
    assert caught.value.hint == "modpkg chroot-create none makes it"


def test_a_platform_that_is_not_there(session: Session, tmp_path: Path) -> None:
    (tmp_path / "recipes/platforms").mkdir(parents=True)
    with pytest.raises(ModpkgError, match="trixie"):
        called(chroot_create, session, "apps", platform="trixie")
