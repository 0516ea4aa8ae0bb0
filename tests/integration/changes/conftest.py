"""Two published versions of a small image, made once for all tests of this directory."""

import os
from collections.abc import Iterator

import pytest

from tests.support.small_store import cache_directory, new_shop, prepare
from tests.support.two_versions import Versions, make_versions


@pytest.fixture(scope="session")
def versions() -> Iterator[Versions]:
    """Give both; tests work on copies of what they spoil."""
    if os.geteuid() != 0:
        pytest.skip("looking into trees of root's files needs root")
    with new_shop(prepare(cache_directory())) as shop:
        yield make_versions(shop)
