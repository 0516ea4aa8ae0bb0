from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.pipeline.pieces import Known, pieces_of, sort_key
from modpkg.pipeline.pool import Pooled
from tests.support.pool import add_to_pool
from tests.support.repos import pen_workshop

if TYPE_CHECKING:
    from pathlib import Path


def pooled(file_name: str, sha256: str = "a" * 64) -> Pooled:
    return Pooled(path=f"pool/{file_name}", sha256=sha256)


def test_packages_stand_by_name_and_then_in_the_order_of_versions() -> None:
    names = [
        "modpkg-module-core-bookworm_12.0.3-9_amd64.deb",
        "modpkg-module-core-bookworm_12.0.9-40_amd64.deb",
        "modpkg-module-core-bookworm_12.0.10-41_amd64.deb",
        "modpkg-module-core-bookworm-more_1.0.0-1_amd64.deb",
        "modpkg-module-slurm-bookworm_1.0.0-2_all.deb",
    ]
    assert sorted(set(names), key=lambda name: sort_key(pooled(name).identity, "a" * 64)) == names


def test_both_packages_of_a_pair_have_one_identity() -> None:
    deb = Known("a" * 64, "modpkg-module-core-bookworm_1.2.3-4_amd64.deb", "amd64")
    rpm = Known("b" * 64, "modpkg-module-core-bookworm-1.2.3-4.x86_64.rpm", "amd64")
    assert deb.identity == rpm.identity
    assert (deb.is_deb, rpm.is_deb) == (True, False)
    assert deb.label == str(deb.identity)
    assert rpm.pooled.path == f"pool/bb/{'b' * 64}/{rpm.file_name}"


@pytest.mark.parametrize("position", [0, 1])
def test_pieces_say_where_the_package_lies(tmp_path: Path, position: int) -> None:
    workshop = pen_workshop(tmp_path)
    source = workshop.make()[position]
    package = add_to_pool(workshop.places, source, file_name=source.name)
    pieces = pieces_of(workshop.places, package)
    if position == 0:
        assert f"Filename: {package.path}\n" in pieces["stanza"].decode()
        assert pieces["stanza"].endswith(b"\n\n")
    else:
        assert f'<location href="../../{package.path}"/>' in pieces["primary"].decode()
        assert set(pieces) == {"primary", "filelists", "other"}
