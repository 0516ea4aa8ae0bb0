from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.model.repository import Places
from modpkg.pipeline import pool
from modpkg.pipeline.pool import FEW, check_pool, find_in_pool, intake, missing_from_pool
from tests.support.pool import add_to_pool

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"a package"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "repository")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "built.deb"
    path.write_bytes(CONTENT)
    path.chmod(0o600)
    return path


def test_a_package_lies_under_its_digest_and_takes_no_room(places: Places, source: Path) -> None:
    pooled = add_to_pool(places, source, file_name="x_1_all.deb")
    assert pooled.path == f"pool/{DIGEST[:2]}/{DIGEST}/x_1_all.deb"
    target = places.www / pooled.path
    assert target.read_bytes() == CONTENT
    assert target.stat().st_ino == source.stat().st_ino
    assert target.stat().st_mode & 0o777 == 0o644


def test_a_package_that_is_there_stays(places: Places, source: Path) -> None:
    first = places.www / add_to_pool(places, source, file_name="x_1_all.deb").path
    inode = first.stat().st_ino
    copy = source.with_name("copy.deb")
    copy.write_bytes(CONTENT)
    add_to_pool(places, copy, file_name="x_1_all.deb")
    assert first.stat().st_ino == inode
    assert list(places.incoming.iterdir()) == []


def test_another_file_system_is_no_hindrance(
    places: Places, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("EXDEV")

    monkeypatch.setattr(pool.os, "link", refuse)
    target = places.www / add_to_pool(places, source, file_name="x_1_all.deb").path
    assert target.read_bytes() == CONTENT
    assert target.stat().st_ino != source.stat().st_ino


def test_a_package_is_found_by_its_digest(places: Places, source: Path) -> None:
    added = add_to_pool(places, source, file_name="x_1_all.deb")
    assert find_in_pool(places, DIGEST) == added


def test_a_package_that_is_not_there_is_an_error(places: Places) -> None:
    with pytest.raises(ModpkgError, match="cannot find the one package"):
        find_in_pool(places, DIGEST)


def test_what_the_pool_does_not_have_is_named(places: Places, source: Path) -> None:
    add_to_pool(places, source, file_name="x_1_all.deb")
    assert missing_from_pool(places, [DIGEST, "0" * 64]) == {"0" * 64}
    check_pool(places, [DIGEST])
    with pytest.raises(ModpkgError, match=f"cannot find the one package {'0' * 64}"):
        check_pool(places, [DIGEST, "0" * 64])


@pytest.mark.parametrize("count", [3, FEW + 1])
def test_few_and_many_packages_are_taken_in(places: Places, source: Path, count: int) -> None:
    with intake(places) as taking:
        for number in range(count):
            copy = source.with_name(f"{number}.deb")
            copy.write_bytes(CONTENT + str(number).encode())
            taking.add(copy, file_name=f"x_{number}_all.deb")
        taking.write(places.www / "changelogs/main/x", "text\n")
    assert len(list(places.www.glob("pool/*/*/*.deb"))) == count
    assert (places.www / "changelogs/main/x").read_text() == "text\n"
    assert list(places.incoming.iterdir()) == []
