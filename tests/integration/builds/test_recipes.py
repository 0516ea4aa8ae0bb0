"""The recipes of this checkout: sound, locked and released."""

from pathlib import Path

import pytest

from modpkg.formats.catalogue import load_catalogue
from modpkg.pipeline.platform_lock import Wish, load_platform_lock, lock_path
from modpkg.pipeline.release_module import unreleased
from modpkg.squashfs.pack import tool_versions

pytestmark = pytest.mark.programs
RECIPES = Path(__file__).parents[3] / "recipes"
# Those of Debian 12: inputs name the versions of programs that make bits, and releases were made there.
TOOLS = {"mksquashfs": "4.5.1", "zstd": "1.5.4"}
PLATFORMS = sorted(path.stem for path in (RECIPES / "platforms").glob("*.yaml"))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_lock_is_not_stale(platform: str) -> None:
    wish = Wish.of(load_catalogue(RECIPES), platform)
    lock = load_platform_lock(lock_path(RECIPES, platform), wish)
    assert lock.modules.keys() == {request.module for request in wish.requests}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_module_is_released(platform: str) -> None:
    if tool_versions() != TOOLS:
        pytest.skip(f"releases are bound to {TOOLS}, this machine has {tool_versions()}")
    catalogue = load_catalogue(RECIPES)
    lock = load_platform_lock(lock_path(RECIPES, platform), Wish.of(catalogue, platform))
    assert unreleased(catalogue, lock) == ()


def test_every_image_is_of_modules_that_there_are() -> None:
    catalogue = load_catalogue(RECIPES)
    assert {"minimal", "compute", "storage"} <= catalogue.manifests.keys()
