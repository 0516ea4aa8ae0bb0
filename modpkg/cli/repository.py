"""The description of the repository, for commands that change it often."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.cli.options import Session
    from modpkg.model.repository import Repository


def described(session: Session) -> Repository:
    """Give what repository.yaml says; raises DocumentError with all its faults."""
    from modpkg.formats.remembered import read_repository  # noqa: PLC0415 - commands load what they need

    return read_repository(session.repository, record=_record(session))


def remember(session: Session) -> None:
    """Spare the next command the check of repository.yaml: called where the repository was changed."""
    from modpkg.formats.remembered import remember_repository  # noqa: PLC0415

    remember_repository(session.repository, record=_record(session))


def _record(session: Session) -> Path:
    from modpkg.pipeline.workplace import Workplace  # noqa: PLC0415

    return Workplace(session.work).places.description
