from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from modpkg.model.platform import RPM_ARCHITECTURES, Accounts, Architecture, Platform, Squashfs

FIELDS: dict[str, Any] = {
    "name": "bookworm",
    "summary": "Debian 12",
    "package_manager": "apt",
    "architecture": "amd64",
    "keyring": "/usr/share/keyrings/debian-archive-keyring.gpg",
    "sources": ({"mirror": "debian", "suites": ("bookworm",), "components": ("main",)},),
    "squashfs": {"level": 19},
}


def test_every_architecture_has_a_name_for_rpm() -> None:
    assert set(RPM_ARCHITECTURES) == set(get_args(Architecture))


def test_defaults() -> None:
    platform = Platform(**FIELDS)
    assert platform.accounts == Accounts(users={}, groups={})
    assert (platform.squashfs.compression, platform.squashfs.block_size) == ("zstd", 131072)
    assert platform.snapshots is None


@pytest.mark.parametrize("number", [99, 65534, -1])
def test_ids_that_the_distribution_gives_are_refused(number: int) -> None:
    with pytest.raises(ValidationError):
        Accounts(users={"munge": number})


@pytest.mark.parametrize("level", [0, 23])
def test_levels_are_those_of_zstd(level: int) -> None:
    with pytest.raises(ValidationError):
        Squashfs(level=level)


def test_a_mirror_is_an_alias_not_an_address() -> None:
    with pytest.raises(ValidationError):
        Platform(**{**FIELDS, "sources": ({**FIELDS["sources"][0], "mirror": "http://example.org/debian"},)})
