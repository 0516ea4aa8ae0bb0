"""Every fault of a share's documents has a folder: the files that differ from `base`, and the errors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError, DocumentError
from modpkg.formats.share_documents import load_share
from modpkg.model.files import plan_text

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTS = Path(__file__).parent / "shares"
BASE = DOCUMENTS / "base"
FAULTS = sorted(path.name for path in DOCUMENTS.iterdir() if path.is_dir() and path != BASE)


@pytest.fixture
def share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(BASE, tmp_path / "share")
    monkeypatch.chdir(tmp_path)
    return Path("share")


def test_the_base_has_no_faults_and_gives_this_plan(share: Path, golden: Callable[[Path, str], None]) -> None:
    golden(DOCUMENTS / "plan.json", plan_text(load_share(share)))


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_told(share: Path, golden: Callable[[Path, str], None], fault: str) -> None:
    ignore = shutil.ignore_patterns("expected.txt")
    shutil.copytree(DOCUMENTS / fault, share, dirs_exist_ok=True, ignore=ignore)
    with pytest.raises(DocumentError) as raised:
        load_share(share)
    golden(DOCUMENTS / fault / "expected.txt", f"{raised.value}\n")


def test_a_source_that_leads_out_of_the_share_is_told(share: Path) -> None:
    (share / "ssh/login").unlink()
    (share / "ssh/login").symlink_to("/etc/shadow")
    with pytest.raises(DocumentError, match="'ssh/login' is a link that leads out of the share"):
        load_share(share)


def test_an_empty_share_has_an_empty_plan(tmp_path: Path) -> None:
    assert json.loads(plan_text(load_share(tmp_path))) == {
        "entries": [],
        "format": 1,
        "groups": {},
        "sources": {},
    }


def test_a_share_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot find the share"):
        load_share(tmp_path / "none")


def test_documents_that_include_each_other_without_an_end_are_told(tmp_path: Path) -> None:
    for number in range(1500):
        (tmp_path / f"{number or 'files'}.yaml").write_text(f"include: [{number + 1}.yaml]\n")
    with pytest.raises(DocumentError, match="documents include each other 40 deep"):
        load_share(tmp_path)
