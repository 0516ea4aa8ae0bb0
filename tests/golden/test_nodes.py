"""Every fault of the documents about nodes has a folder: the files that differ from `base`, and the errors."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import DocumentError
from modpkg.formats.node_documents import load_nodes

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTS = Path(__file__).parent / "nodes"
BASE = DOCUMENTS / "base"
FAULTS = sorted(path.name for path in DOCUMENTS.iterdir() if path != BASE)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(BASE, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("checkout")
def test_the_base_has_no_faults() -> None:
    assert list(load_nodes(Path("recipes")).nodes) == ["beo-01", "beo-02", "login-1"]


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_told(checkout: Path, golden: Callable[[Path, str], None], fault: str) -> None:
    ignore = shutil.ignore_patterns("expected.txt")
    shutil.copytree(DOCUMENTS / fault, checkout, dirs_exist_ok=True, ignore=ignore)
    with pytest.raises(DocumentError) as raised:
        load_nodes(Path("recipes"))
    golden(DOCUMENTS / fault / "expected.txt", f"{raised.value}\n")


def test_a_missing_cluster_is_told(checkout: Path) -> None:
    (checkout / "recipes/cluster.yaml").unlink()
    with pytest.raises(DocumentError, match=r"recipes/cluster.yaml: the file is missing"):
        load_nodes(Path("recipes"))


@pytest.mark.parametrize("folder", ["nodes", "disks", "images"])
def test_a_folder_that_cannot_be_read_is_no_empty_one(tmp_path: Path, folder: str) -> None:
    recipes = tmp_path / "recipes"
    shutil.copytree(DOCUMENTS / "base/recipes", recipes)
    shutil.rmtree(recipes / folder)
    (recipes / folder).symlink_to(folder)
    with pytest.raises(DocumentError, match="cannot read it: Too many levels of symbolic links"):
        load_nodes(recipes)
    (recipes / folder).unlink()
    (recipes / folder).write_text("a file")
    with pytest.raises(DocumentError, match="cannot read it: Not a directory"):
        load_nodes(recipes)
