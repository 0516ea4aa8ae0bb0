"""The small platform as it was built first; what is built here has to equal it."""

import os

import pytest

from tests.support.small_store import Small, cache_directory, prepare


@pytest.fixture(scope="session")
def small() -> Small:
    if os.geteuid() != 0:
        pytest.skip("the first build is root's")
    return prepare(cache_directory())
