from __future__ import annotations

from pathlib import Path
from typing import Any

from modpkg.model.repository import Places, Repository, address_of

FIELDS: dict[str, Any] = {
    "name": "modpkg",
    "summary": "Modules",
    "base_url": "https://repository.example.org",
    "channels": ("testing",),
}


def test_the_address_has_no_slash_at_its_end() -> None:
    assert address_of(Path("/srv/www"), Repository(**FIELDS | {"base_url": "https://a.example/m/"})) == (
        "https://a.example/m"
    )


def test_a_repository_without_an_address_is_found_as_files() -> None:
    fields = {name: value for name, value in FIELDS.items() if name != "base_url"}
    assert address_of(Path("/srv/my www"), Repository(**fields)) == "file:///srv/my%20www"


def test_what_clients_see_and_what_publishers_keep_lie_apart() -> None:
    places = Places(Path("/srv/repository"))
    seen = {places.public_key}
    kept = {
        places.lock,
        places.pending,
        places.incoming,
        places.snapshots,
        places.index,
        places.doomed,
        places.removed,
        places.pins,
        places.manifest("x"),
    }
    assert all(path.is_relative_to(places.www) for path in seen)
    assert all(path.is_relative_to(places.state) for path in kept)
