from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from modpkg.host.run import CommandError, run
from modpkg.rpm.read import extract_fragment
from modpkg.yum.read import header_digest
from tests.support.modules import EPOCH
from tests.support.repos import make_pair

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.openpgp.sign import Signer
    from tests.support.keys import TestKey

pytestmark = pytest.mark.programs


@pytest.fixture
def unsigned(tmp_path: Path) -> Path:
    return make_pair(tmp_path / "packages")[1]


def signed_copy(unsigned: Path, path: Path, signer: Signer) -> Path:
    shutil.copyfile(unsigned, path)
    with signer.session() as session:
        session.rpm(path, seconds=EPOCH)
    return path


def test_signing_repeats_and_leaves_the_rest_as_it_was(
    unsigned: Path, signer: Signer, tmp_path: Path
) -> None:
    one, two = (signed_copy(unsigned, tmp_path / name, signer) for name in ("one.rpm", "two.rpm"))
    assert one.read_bytes() == two.read_bytes() != unsigned.read_bytes()
    assert header_digest(one) == header_digest(unsigned)
    extract_fragment(one, tmp_path / "fragment")
    assert (tmp_path / "fragment").read_text() == "core 1.0.0-1"


def test_rpm_takes_a_signed_package_and_no_other(
    unsigned: Path, signer: Signer, release_key: TestKey, other_key: TestKey, tmp_path: Path
) -> None:
    signed = signed_copy(unsigned, tmp_path / "signed.rpm", signer)

    def accepts(key: TestKey, package: Path) -> bool:
        database = ("--dbpath", str(tmp_path / key.public.stem))
        run(["rpmkeys", *database, "--import", key.public])
        level = ("--define", "_pkgverify_level all")
        return run(["rpmkeys", *database, *level, "-K", package], check=False).returncode == 0

    assert accepts(release_key, signed)
    assert not accepts(release_key, unsigned)
    assert not accepts(other_key, signed)


def test_a_damaged_package_is_not_signed(unsigned: Path, signer: Signer, tmp_path: Path) -> None:
    content = bytearray(unsigned.read_bytes())
    content[-40] ^= 1
    damaged = tmp_path / "damaged.rpm"
    damaged.write_bytes(content)
    with pytest.raises(CommandError, match="not signing corrupt package"):
        signed_copy(damaged, tmp_path / "signed.rpm", signer)
