from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.keys import TestKey, make_test_key
from tests.support.repos import Workshop, make_document

if TYPE_CHECKING:
    from pathlib import Path

    from modpkg.openpgp.sign import Signer


@pytest.fixture(scope="session")
def release_key(tmp_path_factory: pytest.TempPathFactory) -> TestKey:
    return make_test_key(tmp_path_factory.mktemp("keys"), "release")


@pytest.fixture(scope="session")
def other_key(tmp_path_factory: pytest.TempPathFactory) -> TestKey:
    return make_test_key(tmp_path_factory.mktemp("keys"), "other")


@pytest.fixture
def signer(release_key: TestKey, tmp_path: Path) -> Signer:
    return release_key.copy_to(tmp_path / "gnupg")


@pytest.fixture
def workshop(tmp_path: Path, signer: Signer) -> Workshop:
    """A repository whose clients read it as files."""
    return Workshop(directory=tmp_path / "workshop", signer=signer, document=make_document(None))
