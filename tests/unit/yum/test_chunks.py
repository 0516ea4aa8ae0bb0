from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import ModpkgError
from modpkg.yum.chunks import chunks_of
from tests.support.modules import EPOCH
from tests.support.packages import write_pair

if TYPE_CHECKING:
    from pathlib import Path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def made(rpm: Path) -> dict[str, str]:
    chunks = chunks_of(rpm, sha256=digest(rpm), href="../../pool/x.rpm")
    return {kind: text.decode() for kind, text in chunks.items()}


def test_chunks_say_where_the_package_lies_and_its_digest(tmp_path: Path) -> None:
    rpm = write_pair(tmp_path).rpm
    chunks = made(rpm)
    assert '<location href="../../pool/x.rpm"/>' in chunks["primary"]
    assert f'pkgid="YES">{digest(rpm)}</checksum>' in chunks["primary"]
    assert f'pkgid="{digest(rpm)}"' in chunks["filelists"]
    assert "<changelog " in chunks["other"]


def test_the_time_of_the_file_does_not_enter(tmp_path: Path) -> None:
    assert f'<time file="{EPOCH}" build="{EPOCH}"/>' in made(write_pair(tmp_path).rpm)["primary"]


def test_the_fragment_can_be_asked_for(tmp_path: Path) -> None:
    pair = write_pair(tmp_path)
    assert (
        f'name="modpkg-fragment(sha256)" flags="EQ" epoch="0" ver="{digest(pair.fragment)}"'
        in (made(pair.rpm)["primary"])
    )


def test_a_changed_package_is_refused(tmp_path: Path) -> None:
    rpm = write_pair(tmp_path).rpm
    with pytest.raises(ModpkgError, match="cannot index this rpm"):
        chunks_of(rpm, sha256="0" * 64, href="")
