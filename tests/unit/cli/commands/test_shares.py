from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.cli.commands.shares import files, lint_files
from modpkg.cli.options import Session
from modpkg.cli.render import to_data
from modpkg.errors import BadInputError, DocumentError
from modpkg.events import ignore
from tests.support.sessions import called

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(project=tmp_path, work=tmp_path / "build", store=tmp_path / "store", sink=ignore)


@pytest.fixture
def share(tmp_path: Path) -> Path:
    place = tmp_path / "share"
    place.mkdir()
    (place / "motd").write_text("x")
    (place / "files.yaml").write_text(
        "groups: {some: 'n[1-3]'}\ncopies: [{source: motd, path: /etc/motd}]\nlinks: [{path: /l, target: x}]\n"
    )
    return place


def test_a_check_writes_nothing(session: Session, share: Path) -> None:
    shown = to_data(called(lint_files, session, str(share)))
    assert (shown["copies"], shown["links"], shown["groups"]) == (1, 1, {"some": 3})
    assert (shown["is_current"], shown["is_written"]) == (False, False)
    assert not (share / "files.plan").exists()


def test_a_plan_is_written_unless_it_is_there(session: Session, share: Path) -> None:
    assert to_data(called(files, session, str(share), dry_run=True))["is_written"] is False
    assert not (share / "files.plan").exists()
    assert to_data(called(files, session, str(share)))["is_written"] is True
    again = to_data(called(files, session, str(share)))
    assert (again["is_current"], again["is_written"]) == (True, False)


def test_faults_are_bad_input(session: Session, share: Path) -> None:
    (share / "motd").unlink()
    for command in (lint_files, files):
        with pytest.raises(
            DocumentError, match=r"files.yaml:2:\d+: copies\[0\]: there is no 'motd' in the share"
        ):
            called(command, session, str(share))
    with pytest.raises(BadInputError, match="cannot find the share"):
        called(files, session, str(share / "none"))
