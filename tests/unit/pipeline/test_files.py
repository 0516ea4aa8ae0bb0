import json
from pathlib import Path

import pytest

from modpkg.errors import DocumentError
from modpkg.pipeline.files import plan_files, write_files


def test_a_plan_is_written_once_and_anew_when_a_document_changes(tmp_path: Path) -> None:
    (tmp_path / "files.yaml").write_text("directories: [{path: /a}]\n")
    first = plan_files(tmp_path)
    assert first.is_new
    assert not (tmp_path / "files.plan").exists()
    assert write_files(first).path == tmp_path / "files.plan"
    assert not plan_files(tmp_path).is_new
    (tmp_path / "files.yaml").write_text("directories: [{path: /b}]\n")
    again = plan_files(tmp_path)
    assert again.is_new
    write_files(again)
    (entry,) = json.loads((tmp_path / "files.plan").read_text())["entries"]
    assert (entry["path"], entry["from"]) == ("/b", "files.yaml:1")


def test_a_fault_leaves_the_plan(tmp_path: Path) -> None:
    (tmp_path / "files.yaml").write_text("directories: [{path: /a}]\n")
    write_files(plan_files(tmp_path))
    before = (tmp_path / "files.plan").read_text()
    (tmp_path / "files.yaml").write_text("directories: [{path: a}]\n")
    with pytest.raises(DocumentError):
        plan_files(tmp_path)
    assert (tmp_path / "files.plan").read_text() == before
