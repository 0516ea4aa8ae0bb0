from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from modpkg.model.repository import Repository

FIELDS: dict[str, Any] = {
    "name": "modpkg",
    "summary": "Modules",
    "base_url": "https://repository.example.org",
    "channels": ("testing",),
}


def test_defaults() -> None:
    repository = Repository(**FIELDS)
    assert (repository.key, repository.valid_days, repository.keep_snapshots) == (None, 14, 10)


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "ftp://example.org"},
        {"base_url": "https://example.org/a b"},
        {"channels": ()},
        {"key": "abcdef"},
        {"key": "a" * 40},
        {"valid_days": 0},
        {"keep_snapshots": 1},
    ],
)
def test_other_values(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Repository(**{**FIELDS, **change})


def test_a_key_is_its_whole_fingerprint() -> None:
    assert Repository(**FIELDS, key="0123456789ABCDEF" * 2 + "01234567").key
