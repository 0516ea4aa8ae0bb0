from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from modpkg.errors import DocumentError
from modpkg.formats import documents, remembered
from modpkg.formats.remembered import read_repository, remember_repository
from modpkg.host.run import run
from modpkg.model.repository import Repository

TEXT = "name: site\nsummary: Modules\nchannels: [testing, stable]\nvalid-days: 3\n"
SAID = Repository(name="site", summary="Modules", channels=("testing", "stable"), valid_days=3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "repository.yaml"
    path.write_text(TEXT)
    return path


@pytest.fixture
def record(path: Path) -> Path:
    record = path.with_name("state") / "description.json"
    remember_repository(path, record=record)
    return record


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Give what is read as a document from now on."""
    found: list[Path] = []
    load = documents.load_repository

    def loading(path: Path) -> Repository:
        found.append(path)
        return load(path)

    monkeypatch.setattr(documents, "load_repository", loading)
    return found


def test_what_is_remembered_is_what_the_document_says(path: Path, record: Path, loaded: list[Path]) -> None:
    assert read_repository(path, record=record) == SAID
    assert loaded == []


def test_reading_alone_remembers_nothing(path: Path, loaded: list[Path]) -> None:
    record = path.with_name("record")
    for _ in range(2):
        assert read_repository(path, record=record) == SAID
    assert len(loaded) == 2
    assert not record.exists()


def test_a_document_that_changed_is_read_again(path: Path, record: Path) -> None:
    path.write_text(TEXT.replace("3", "4"))
    assert read_repository(path, record=record).valid_days == 4
    remember_repository(path, record=record)
    assert json.loads(record.read_text())["repository"]["valid_days"] == 4


def test_what_is_remembered_is_not_written_again(path: Path, record: Path, loaded: list[Path]) -> None:
    before = record.stat()
    remember_repository(path, record=record)
    assert (loaded, record.stat().st_ino) == ([], before.st_ino)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:0],
        lambda text: text[:-20],
        lambda text: f"[{text}]",
        lambda text: text.replace('"valid_days": 3', '"valid_days": 4'),
        lambda text: text.replace('"site"', '"cite"'),
        lambda text: text.replace('"proof": "', '"proof": "0'),
        lambda text: text.replace('"repository"', '"said"'),
    ],
)
def test_a_record_that_was_damaged_is_not_believed(path: Path, record: Path, damage: object) -> None:
    record.write_text(damage(record.read_text()))  # type: ignore[operator]
    assert read_repository(path, record=record) == SAID


def test_other_rules_do_not_believe_what_these_checked(
    path: Path, record: Path, loaded: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "RULES", remembered.RULES[1:])
    assert read_repository(path, record=record) == SAID
    assert loaded == [path]


def test_all_rules_are_files_of_modpkg_and_any_change_of_one_counts(
    path: Path, record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = Path(remembered.__file__).parents[1]
    copy = tmp_path / "modpkg"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(remembered, "__file__", str(copy / "formats/remembered.py"))
    proof = json.loads(record.read_text())["proof"]
    for name in remembered.RULES:
        with (copy / name).open("a") as stream:
            stream.write("#\n")
        record.unlink()
        remember_repository(path, record=record)
        before, proof = proof, json.loads(record.read_text())["proof"]
        assert proof != before, name


def test_faults_are_told_whatever_is_remembered(path: Path, record: Path) -> None:
    path.write_text("name: site\n")
    with pytest.raises(DocumentError, match="summary"):
        read_repository(path, record=record)
    path.unlink()
    with pytest.raises(DocumentError):
        read_repository(path, record=record)


def test_what_is_remembered_is_read_without_what_checks_documents(path: Path, record: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from modpkg.formats.remembered import read_repository\n"
        "from modpkg.pipeline import change, promote, publish_packages, refresh\n"
        f"read_repository(Path({str(path)!r}), record=Path({str(record)!r}))\n"
        "print({'pydantic', 'ruamel', 'rich'} & set(sys.modules))"
    )
    root = str(Path(remembered.__file__).parents[2])
    assert run([sys.executable, "-c", code], env={"PYTHONPATH": root}).stdout == "set()\n"
