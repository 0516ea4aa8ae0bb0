from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.pipeline.pairs import read_pairs
from modpkg.pipeline.removed import check_removed, remember, removed_identities
from tests.support.repos import Workshop, package_of, pen_workshop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    made = pen_workshop(tmp_path)
    made.publish(made.make())
    for directory in made.places.www.glob("pool/*/*"):
        remember(made.places, directory)
    return made


def test_the_same_bytes_are_welcome_again(workshop: Workshop) -> None:
    (pair,) = read_pairs(workshop.make())
    check_removed(workshop.places, [pair])


@pytest.mark.parametrize("changes", [{"content": "other"}, {"summary": "other"}])
def test_other_bytes_are_refused(workshop: Workshop, changes: dict[str, str]) -> None:
    (pair,) = read_pairs(workshop.make(**changes))
    with pytest.raises(BadInputError, match="it was published with other content, and deleted later"):
        check_removed(workshop.places, [pair])


def test_deleted_versions_are_known_by_name(workshop: Workshop, tmp_path: Path) -> None:
    found = removed_identities(workshop.places, {package_of("core"), package_of("nfs")})
    assert [str(identity) for identity in found] == [f"{package_of('core')} 1.0.0-1 amd64"]
    assert removed_identities(workshop.places, {"core"}) == set()
    assert removed_identities(pen_workshop(tmp_path / "none").places, {"core"}) == set()
