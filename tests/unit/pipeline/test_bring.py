from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError
from modpkg.pipeline.bring import brought
from modpkg.pipeline.publish import plan
from tests.support.repos import NOW, Workshop, pen_workshop

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.pipeline.pairs import Pair


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return pen_workshop(tmp_path)


@pytest.fixture
def pair(workshop: Workshop) -> Pair:
    (found,) = plan(workshop.make(), target=workshop.target(), now=NOW).add
    return found


def test_a_copy_shares_no_file_with_what_was_brought(pair: Pair, tmp_path: Path) -> None:
    copy = brought(pair, tmp_path)
    assert (copy.deb.read_bytes(), copy.rpm.read_bytes()) == (pair.deb.read_bytes(), pair.rpm.read_bytes())
    assert copy.changelog == pair.changelog
    assert not copy.deb.samefile(pair.deb)
    assert pair.deb.stat().st_nlink == 1


def test_what_was_changed_since_it_was_judged_is_refused(
    pair: Pair, workshop: Workshop, tmp_path: Path
) -> None:
    deb, rpm = workshop.make(version="1.0.0-2")
    before = pair.deb.read_bytes()
    for text in (deb.read_bytes(), before[:-100], b"!<arch>\n"):
        pair.deb.write_bytes(text)
        with pytest.raises(BadInputError, match="it was changed while it was published"):
            brought(pair, tmp_path)
    pair.deb.write_bytes(before)
    pair.rpm.write_bytes(rpm.read_bytes())
    with pytest.raises(BadInputError, match="it was changed while it was published"):
        brought(pair, tmp_path)
