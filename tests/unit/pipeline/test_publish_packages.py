from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.pipeline import signing
from modpkg.pipeline.publish_packages import publish_packages
from tests.support.pens import PEN_KEY, pen_signer
from tests.support.repos import NOW, Workshop, pen_workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Give the keys that are made; there is none before."""
    keys: list[object] = []

    def find(*_: object, **__: object) -> object:
        keys.append(PEN_KEY)
        return pen_signer()

    monkeypatch.setattr(signing, "existing_signer", lambda *_, **__: None)
    monkeypatch.setattr(signing, "find_signer", find)
    return keys


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return pen_workshop(tmp_path)


def test_a_key_is_made_for_packages_that_are_right(
    workshop: Workshop, made: list[object], tmp_path: Path
) -> None:
    done = publish_packages(workshop.make(), target=workshop.target(), home=tmp_path, now=NOW)
    assert (done.key, made) == (PEN_KEY.fingerprint, [PEN_KEY])


def test_no_key_is_made_for_others(workshop: Workshop, made: list[object], tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="marked fast"):
        publish_packages(workshop.make(marks=("fast",)), target=workshop.target(), home=tmp_path, now=NOW)
    with pytest.raises(BadInputError, match="none of that name"):
        publish_packages(workshop.make(), target=workshop.target("other"), home=tmp_path, now=NOW)
    assert made == []


def test_a_key_that_is_there_needs_no_plan(
    workshop: Workshop, made: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "existing_signer", lambda *_, **__: pen_signer())
    monkeypatch.setattr("modpkg.pipeline.publish_packages.plan", None)
    publish_packages(workshop.make(), target=workshop.target(), home=tmp_path, now=NOW)
    assert made == []
