from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modpkg.image.budget import BudgetError
from modpkg.model.manifest import Manifest, ModulePin
from modpkg.pipeline.budget import check_budget
from modpkg.rootfs.inventory import inventory
from modpkg.squashfs.pack import Settings, pack_tree
from modpkg.store.store import Store
from tests.support.stack import make_fragment, make_module, write_files

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.model.module import Module

pytestmark = pytest.mark.programs


def manifest(budget: str | None) -> Manifest:
    pins = (ModulePin(name="core", version="~12"),)
    return Manifest(name="compute", platform="bookworm", channel="testing", modules=pins, size_budget=budget)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Give a root and a site layer of 1.5 MB together."""
    for name, size in (("root", 1_000_000), ("site", 500_000)):
        with (tmp_path / name).open("wb") as stream:
            stream.truncate(size)
    return {"root.squashfs": tmp_path / "root", "site.squashfs": tmp_path / "site"}


@pytest.fixture
def core(tmp_path: Path) -> Module:
    """Give a module whose fragment is in the store `store`, with two packages and a file of none."""
    texts = {
        "usr/bin/large": "x" * 9000,
        "usr/bin/small": "x" * 1000,
        "opt/own": "x" * 500,
        "var/lib/dpkg/info/big.list": "/.\n/usr\n/usr/bin/large\n",
        "var/lib/dpkg/info/little:amd64.list": "/.\n/usr/bin/small\n",
    }
    tree = write_files(tmp_path / "tree", texts)
    receipt = pack_tree(tree, tmp_path / "fragment", Settings(level=3, block_size=131072, time=0))
    Store(tmp_path / "store").add(receipt.path, sha256=receipt.sha256)
    fragment = make_fragment("core").model_copy(update={"sha256": receipt.sha256, "size": 1_000_000})
    return make_module("core", fragment=fragment, paths=inventory(tree))


@pytest.mark.parametrize("budget", [None, "1.5 MB", "2 MB", "1.44 MiB"])
def test_what_fits_is_accepted(tmp_path: Path, files: dict[str, Path], budget: str | None) -> None:
    check_budget(manifest(budget), [], files, store=Store(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


def test_over_it_packages_are_told_by_dpkg_s_lists(
    tmp_path: Path, files: dict[str, Path], core: Module
) -> None:
    with pytest.raises(BudgetError) as caught:
        check_budget(manifest("1499 kB"), [core], files, store=Store(tmp_path / "store"))
    error = caught.value
    assert (error.size, error.budget) == (1_500_000, 1_499_000)
    assert [name for name, _ in error.shares.packages] == ["core/big", "core/little", "core/(no package)"]
    assert error.shares.packages[0][1] == pytest.approx(9 * error.shares.packages[1][1], abs=9)
    assert error.shares.directories[0][0] == "/usr/bin"
    assert sum(size for _, size in error.shares.directories) == pytest.approx(1_000_000, abs=5)
    assert list((tmp_path / "store/scratch").iterdir()) == []


def test_a_module_without_lists_needs_no_fragment(tmp_path: Path, files: dict[str, Path]) -> None:
    with pytest.raises(BudgetError) as caught:
        check_budget(manifest("1 MB"), [make_module()], files, store=Store(tmp_path / "store"))
    assert caught.value.shares.packages == ()
