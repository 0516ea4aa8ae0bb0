from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from pydantic import ValidationError

from modpkg.model.repository import Repository
from modpkg.model.repository_document import RepositoryDocument

FIELDS: dict[str, Any] = {
    "name": "modpkg",
    "summary": "Modules",
    "base_url": "https://repository.example.org",
    "channels": ("testing",),
}


def test_defaults() -> None:
    repository = RepositoryDocument(**FIELDS)
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
        {"keep_versions": 0},
        {"grace_days": -1},
    ],
)
def test_other_values(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RepositoryDocument(**{**FIELDS, **change})


def test_a_key_is_its_whole_fingerprint() -> None:
    assert RepositoryDocument(**FIELDS, key="0123456789ABCDEF" * 2 + "01234567").key


def test_its_value_has_the_same_fields_and_the_same_defaults() -> None:
    assert {field.name for field in fields(Repository)} == set(RepositoryDocument.model_fields)
    assert RepositoryDocument(**FIELDS).value() == Repository(**FIELDS)


def test_its_value_says_what_it_says() -> None:
    said = {**FIELDS, "keys": ("A" * 40, "B" * 40), "keep_versions": 3, "keep_inputs": True}
    value = RepositoryDocument(**said).value()
    assert {name: getattr(value, name) for name in said} == said
    assert value.signing_keys == ("A" * 40, "B" * 40)
