"""Packages for amd64, for arm64 and for all of them in one channel: clients of each see their own."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from modpkg.apt.index import read_channel
from modpkg.pipeline.promote import promotion
from modpkg.pipeline.verify_repository import Wish, verify_repository
from modpkg.store.origin import DirectoryOrigin
from tests.support.repos import AptClient, DnfClient, Workshop, package_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.keys import TestKey

pytestmark = pytest.mark.programs
CORE = package_of("core")
RPM_NAMES = {"amd64": "x86_64", "arm64": "aarch64"}


@pytest.fixture
def mixed(workshop: Workshop) -> Workshop:
    """A channel whose core is 1.0.0-2 for amd64 and 1.0.0-1 for arm64, and another that got the same."""
    now = int(time.time()) - 10
    packages = [
        *workshop.make(version="1.0.0-1", content="for amd64, 1"),
        *workshop.make(version="1.0.0-1", content="for arm64, 1", architecture="arm64"),
        *workshop.make(version="1.0.0-2", content="for amd64, 2"),
    ]
    workshop.publish(packages, now=now)
    workshop.change(promotion("testing"), channel="stable", now=now + 1)
    return workshop


@pytest.mark.parametrize(("architecture", "newest"), [("amd64", "2"), ("arm64", "1")])
@pytest.mark.parametrize("channel", ["testing", "stable"])
def test_clients_install_what_is_for_their_architecture(
    mixed: Workshop, release_key: TestKey, tmp_path: Path, architecture: str, newest: str, channel: str
) -> None:
    made = AptClient.made(tmp_path / "apt", base_url=mixed.base_url, key=release_key.public, channel=channel)
    apt = replace(made, architecture=architecture)
    apt.run("update", "--error-on=any")
    apt.run("install", CORE)
    source = f"mirrorlist={mixed.base_url}/rpm/{channel}.mirrorlist"
    dnf = DnfClient.made(tmp_path / "dnf", source=source, key=release_key.public)
    dnf = replace(dnf, architecture=RPM_NAMES[architecture])
    dnf.run("--setopt=ignorearch=True", "install", CORE)
    assert apt.installed("core") == dnf.installed("core") == f"for {architecture}, {newest}"
    status = (apt.root / "var/lib/dpkg/status").read_text()
    assert f"Architecture: {architecture}\n" in status


def test_each_architecture_has_an_index_of_its_own_and_all_verifies(
    mixed: Workshop, release_key: TestKey
) -> None:
    for architecture, versions in (("amd64", ["1.0.0-1", "1.0.0-2"]), ("arm64", ["1.0.0-1"])):
        state = read_channel(
            mixed.places.root, "testing", architecture=architecture, keyring=release_key.public
        )
        assert [str(entry.version) for entry in state.entries] == versions
    wish = Wish(
        origin=DirectoryOrigin(mixed.places.www),
        keyring=release_key.public,
        channels=("testing", "stable"),
        now=int(time.time()),
    )
    verified = verify_repository(wish)
    assert verified.faults == ()
    assert [(state.debs, state.rpms) for state in verified.channels] == [(3, 3), (3, 3)]
