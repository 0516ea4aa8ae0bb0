from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.model.repository import Places
from modpkg.pipeline.index import delete_index, opened_index
from modpkg.pipeline.pairs import Pair, read_pairs
from modpkg.pipeline.pool import Pooled, intake
from modpkg.pipeline.signing import add_signed, existing_signer, find_signer
from tests.support.keys import make_test_key
from tests.support.modules import EPOCH
from tests.support.pens import PEN_KEY, Pen
from tests.support.repos import make_document, make_pair

if TYPE_CHECKING:
    from pathlib import Path


class CountingPen(Pen):
    """Signs by a byte at the end, and remembers when."""

    signed: list[int] = []  # noqa: RUF012 (emptied by the fixture)

    def rpm(self, path: Path, *, seconds: int) -> None:
        self.signed.append(seconds)
        path.write_bytes(path.read_bytes() + b"!")


@pytest.fixture
def session(tmp_path: Path) -> CountingPen:
    CountingPen.signed.clear()
    return CountingPen(key=PEN_KEY, path=tmp_path)


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    (found,) = read_pairs(make_pair(tmp_path / "packages"))
    return found


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "repository")


def signed(places: Places, pair: Pair, session: CountingPen) -> Pooled:
    with opened_index(places) as index:
        with intake(places) as taking:
            pooled = add_signed(taking, pair, index=index, session=session).pooled
        index.finish()
    return pooled


def test_a_copy_is_signed_at_the_source_date(places: Places, pair: Pair, session: CountingPen) -> None:
    before = pair.rpm.read_bytes()
    pooled = signed(places, pair, session)
    assert session.signed == [EPOCH]
    assert pair.rpm.read_bytes() == before
    assert (places.www / pooled.path).read_bytes() == before + b"!"
    assert pooled.file_name == pair.identity.rpm_name


def test_a_package_is_signed_once(places: Places, pair: Pair, session: CountingPen) -> None:
    assert signed(places, pair, session) == signed(places, pair, session)
    assert len(session.signed) == 1


def test_a_package_that_the_pool_lost_is_signed_again(
    places: Places, pair: Pair, session: CountingPen
) -> None:
    first = signed(places, pair, session)
    (places.www / first.path).unlink()
    assert signed(places, pair, session) == first
    assert len(session.signed) == 2


def test_without_the_cache_a_package_is_signed_again_and_is_the_same(
    places: Places, pair: Pair, session: CountingPen
) -> None:
    first = signed(places, pair, session)
    delete_index(places)
    assert signed(places, pair, session) == first
    assert len(session.signed) == 2
    assert signed(places, pair, session) == first
    assert len(session.signed) == 2


def test_another_key_signs_anew(places: Places, pair: Pair, session: CountingPen) -> None:
    signed(places, pair, session)
    signed(places, pair, replace(session, key=replace(session.key, fingerprint="B" * 40)))
    assert len(session.signed) == 2


def test_a_key_that_the_document_names_and_nobody_has_is_an_error(tmp_path: Path) -> None:
    document = make_document("https://repo.example", key="B" * 40)
    with pytest.raises(BadInputError, match=f"cannot find the key {'B' * 40}") as caught:
        find_signer(document, home=tmp_path / "none")
    assert "MODPKG_GNUPGHOME" in caught.value.hint


def test_without_a_key_there_is_no_signer_and_none_is_made(tmp_path: Path) -> None:
    home = tmp_path / "gnupg"
    assert existing_signer(make_document("https://r.example"), home=home) is None
    assert not home.exists()


@pytest.mark.programs
def test_a_key_that_is_there_signs(tmp_path: Path) -> None:
    key = make_test_key(tmp_path, "site")
    found = existing_signer(make_document("https://r.example"), home=key.signer.home)
    assert found is not None
    assert found.key.fingerprint == key.signer.key.fingerprint


def test_a_key_that_a_document_names_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot find the key"):
        existing_signer(make_document("https://r.example", key="A" * 40), home=tmp_path)
