from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.yum.chunks import Chunks, chunks_of
from tests.support.modules import EPOCH
from tests.support.packages import write_pair

if TYPE_CHECKING:
    from pathlib import Path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def made(tmp_path: Path, rpm: Path) -> Chunks:
    return chunks_of(rpm, sha256=digest(rpm), href="../../pool/x.rpm", cache=tmp_path / "cache")


def test_chunks_say_where_the_package_lies_and_its_digest(tmp_path: Path) -> None:
    rpm = write_pair(tmp_path).rpm
    chunks = made(tmp_path, rpm)
    assert '<location href="../../pool/x.rpm"/>' in chunks.primary
    assert f'pkgid="YES">{digest(rpm)}</checksum>' in chunks.primary
    assert f'pkgid="{digest(rpm)}"' in chunks.filelists
    assert "<changelog " in chunks.other


def test_the_time_of_the_file_does_not_enter(tmp_path: Path) -> None:
    assert f'<time file="{EPOCH}" build="{EPOCH}"/>' in made(tmp_path, write_pair(tmp_path).rpm).primary


def test_the_fragment_can_be_asked_for(tmp_path: Path) -> None:
    pair = write_pair(tmp_path)
    assert f'name="modpkg-fragment(sha256)" flags="EQ" epoch="0" ver="{digest(pair.fragment)}"' in (
        made(tmp_path, pair.rpm).primary
    )


def test_chunks_come_from_the_cache_the_second_time(tmp_path: Path) -> None:
    rpm = write_pair(tmp_path).rpm
    first, sha256 = made(tmp_path, rpm), digest(rpm)
    rpm.unlink()
    assert chunks_of(rpm, sha256=sha256, href="", cache=tmp_path / "cache") == first


def test_a_broken_cache_is_made_again(tmp_path: Path) -> None:
    rpm = write_pair(tmp_path).rpm
    first = made(tmp_path, rpm)
    (tmp_path / "cache" / f"{digest(rpm)}.json").write_text("{")
    assert made(tmp_path, rpm) == first


def test_a_changed_package_is_refused(tmp_path: Path) -> None:
    rpm = write_pair(tmp_path).rpm
    with pytest.raises(ModpkgError, match="cannot index this rpm"):
        chunks_of(rpm, sha256="0" * 64, href="", cache=tmp_path / "cache")
