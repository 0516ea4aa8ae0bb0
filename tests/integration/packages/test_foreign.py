"""Packages by others, odd, broken and hostile ones among them: read or refused, never anything else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from modpkg.deb import read as deb
from modpkg.errors import BadInputError
from modpkg.rpm import read as rpm

if TYPE_CHECKING:
    from collections.abc import Callable

# Beside the checkout, or beside the folder of a worktree.
PLACES = [parent / "shared/data/packages" for parent in Path(__file__).parents[4:6]]
DATA = next((place for place in PLACES if place.is_dir()), PLACES[0])
# What only a signature or the payload can tell is not for a reader of headers.
NOT_SEEN_IN_HEADERS = {"bad-sig-byte.rpm"}
# Python 3.11 has no zstd, and modpkg writes none.
ZSTD = {"good-zst.deb", "libqt5concurrent5-dbgsym_5.15.2+dfsg-12_amd64.ddeb"}

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the collection of packages in {DATA}"),
]


def packages(*suffixes: str) -> list[Path]:
    return sorted(path for path in DATA.rglob("*") if path.suffix in suffixes)


def outcome(read: Callable[[Path], Any], path: Path) -> str:
    try:
        read(path)
    except BadInputError as error:
        return "refused" if error.where == str(path) else f"refused without naming {path}"
    return "read"


def header_verdicts() -> dict[str, str]:
    found = {path.name: outcome(deb.read_control, path) for path in packages(".deb", ".ddeb")}
    return found | {path.name: outcome(rpm.read_header, path) for path in packages(".rpm")}


def test_every_package_is_read_or_refused() -> None:
    verdicts = header_verdicts()
    assert len(verdicts) > 90
    assert set(verdicts.values()) == {"read", "refused"}


def test_bad_packages_are_refused_and_good_ones_read() -> None:
    verdicts = header_verdicts()
    bad = {name for name in verdicts if name.startswith("bad-")} - NOT_SEEN_IN_HEADERS
    assert {verdicts[name] for name in bad} == {"refused"}
    refused = {name for name, verdict in verdicts.items() if verdict == "refused"} - bad
    # Debian's format 0.939000 has not been written since 1995.
    assert refused == ZSTD | {"odd-old-format.deb"}


def test_none_of_them_is_a_module(tmp_path: Path) -> None:
    for path in packages(".deb", ".ddeb", ".rpm"):
        reader = rpm if path.suffix == ".rpm" else deb
        assert outcome(reader.read_module, path) == "refused", path
        assert outcome(lambda path, reader=reader: reader.extract_fragment(path, tmp_path / "out"), path) == (
            "refused"
        ), path
    assert not list(tmp_path.iterdir())
