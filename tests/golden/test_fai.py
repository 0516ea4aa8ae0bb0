"""What becomes of files of FAI's setup-storage: a document, or all that has no counterpart, with its place."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import DocumentError
from modpkg.formats.fai_import import import_setup_storage

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = Path(__file__).parent / "fai"


@pytest.mark.parametrize("case", sorted(path.name for path in FILES.iterdir()))
def test_a_file_becomes_a_document_or_its_faults(
    case: str, golden: Callable[[Path, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(FILES / case / "disk_config", "COMPUTE")
    try:
        text = import_setup_storage(Path("COMPUTE"))
    except DocumentError as error:
        text = f"{error}\n"
    golden(FILES / case / "expected.txt", text)
