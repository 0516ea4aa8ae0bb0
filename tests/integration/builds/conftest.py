"""The small platform, built once; copies of it for tests that change something."""

import os
from collections.abc import Iterator

import pytest

from tests.support.small_store import Shop, Small, cache_directory, new_shop, prepare


@pytest.fixture(scope="session")
def small() -> Small:
    """Give the small platform, built by root."""
    if os.geteuid() != 0:
        pytest.skip("looking into trees of root's files needs root")
    return prepare(cache_directory())


@pytest.fixture
def shop(small: Small) -> Iterator[Shop]:
    """Give a copy of the small platform that a test may spoil."""
    with new_shop(small) as shop:
        yield shop
