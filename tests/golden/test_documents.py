"""Every fault of a document has a folder: the files that differ from `base`, and the errors they cause."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import DocumentError
from modpkg.formats.catalogue import load_catalogue
from modpkg.formats.documents import load_repository

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTS = Path(__file__).parent / "documents"
BASE = DOCUMENTS / "base"
FAULTS = sorted(path.name for path in DOCUMENTS.iterdir() if path != BASE)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load_all() -> None:
    load_catalogue(Path("recipes"))
    load_repository(Path("repo/repository.yaml"))


@pytest.mark.usefixtures("checkout")
def test_the_base_has_no_faults() -> None:
    load_all()


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_told(checkout: Path, golden: Callable[[Path, str], None], fault: str) -> None:
    ignore = shutil.ignore_patterns("expected.txt")
    shutil.copytree(DOCUMENTS / fault, checkout, dirs_exist_ok=True, symlinks=True, ignore=ignore)
    with pytest.raises(DocumentError) as raised:
        load_all()
    golden(DOCUMENTS / fault / "expected.txt", f"{raised.value}\n")
