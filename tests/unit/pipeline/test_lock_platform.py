"""What a new lock changes, and what a lock is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from modpkg.errors import BadInputError
from modpkg.formats.catalogue import load_catalogue
from modpkg.model.lock import LockedPackage, PlatformLock
from modpkg.pipeline.lock_platform import lock_changes
from modpkg.pipeline.platform_lock import Wish, lock_path

DOCUMENTS = Path(__file__).parents[2] / "golden" / "documents" / "base"


def package(name: str, version: str, sha256: str = "a" * 64) -> LockedPackage:
    return LockedPackage(
        name=name, version=version, architecture="amd64", source=name, source_version=version,
        mirror="debian", path=f"pool/{name}", size=1, sha256=sha256,
    )  # fmt: skip


def lock(**modules: list[LockedPackage]) -> PlatformLock:
    shares = {name: tuple(packages) for name, packages in modules.items()}
    return PlatformLock(platform="p", architecture="amd64", inputs="0" * 64, modules=shares)


def test_changes_are_told_by_module_and_name() -> None:
    old = lock(
        core=[package("a", "1.9"), package("b", "2"), package("c", "1~rc1"), package("d", "1")],
        gone=[package("z", "1")],
    )
    new = lock(
        core=[package("a", "1.10"), package("c", "1"), package("d", "1", "b" * 64), package("e", "1:0")],
        made=[package("y", "1")],
        none=[],
    )
    assert [str(change) for change in lock_changes(old, new)] == [
        "core: up a 1.9 -> 1.10",
        "core: removed b 2",
        "core: up c 1~rc1 -> 1",
        "core: other d 1 -> 1",
        "core: added e 1:0",
        "gone: removed z 1",
        "made: added y 1",
    ]


def test_changes_of_what_a_build_needs_are_told_apart_from_the_module() -> None:
    old = lock(a=[package("x", "1")]).model_copy(update={"build": {"a": (package("gcc", "12"),)}})
    new = lock(a=[package("x", "1")]).model_copy(update={"build": {"a": (package("gcc", "13"),)}})
    assert [str(change) for change in lock_changes(old, new)] == ["a, its build: up gcc 12 -> 13"]


def test_a_lower_version_is_down_by_debians_order() -> None:
    old, new = lock(core=[package("a", "1:1")]), lock(core=[package("a", "2")])
    assert [change.kind for change in lock_changes(old, new)] == ["down"]


def test_nothing_changes_nothing() -> None:
    same = lock(core=[package("a", "1")])
    assert list(lock_changes(same, same)) == []
    assert [change.kind for change in lock_changes(None, same)] == ["added"]


def test_the_wish_is_taken_from_the_recipes() -> None:
    catalogue = load_catalogue(DOCUMENTS / "recipes")
    platform = next(iter(catalogue.platforms))
    wish = Wish.of(catalogue, platform)
    requests = {request.module: request for request in wish.requests}
    assert requests["core"].below == ()
    assert all("core" in request.below for name, request in requests.items() if name != "core")
    assert wish.renewal == f"invoke lock-platform {platform}"


def test_an_unknown_platform_is_told() -> None:
    catalogue = load_catalogue(DOCUMENTS / "recipes")
    with pytest.raises(BadInputError, match="cannot find the platform 'sarge'") as caught:
        Wish.of(catalogue, "sarge")
    assert caught.value.hint == f"there are {', '.join(sorted(catalogue.platforms))}"


def test_where_the_lock_lies() -> None:
    assert lock_path(Path("recipes"), "bookworm") == Path("recipes/platforms/bookworm.lock")
