"""apt of Debian 13, which verifies by sqv and not by gpgv, in a root of its own."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest

from modpkg.host.run import Completed, run
from modpkg.openpgp.keys import dearmored
from tests.support.attacks import APT_ATTACKS
from tests.support.fetched import trixie_root
from tests.support.repos import INSTALLED, Workshop, package_of, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.keys import TestKey

pytestmark = [pytest.mark.programs, pytest.mark.network]
CORE = package_of("core")
KEYRING = "usr/share/keyrings/modpkg.gpg"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the root that a test may change."""
    place = tmp_path / "root"
    run(["cp", "-a", "--reflink=auto", trixie_root(), place])
    shutil.rmtree(place / "etc/apt/sources.list.d", ignore_errors=True)
    (place / "etc/apt/sources.list.d").mkdir()
    (place / "etc/apt/sources.list").unlink(missing_ok=True)
    (place / "var/lib/apt/lists/partial").mkdir(parents=True, exist_ok=True)
    (place / "var/cache/apt/archives/partial").mkdir(parents=True, exist_ok=True)
    return place


@pytest.fixture
def published(workshop: Workshop) -> Iterator[Workshop]:
    with served(workshop.places.www) as base_url:
        there = workshop.at(base_url)
        packages = [*there.make(version="1.0.0-1"), *there.make(version="1.0.0-2")]
        there.publish(packages, now=int(time.time()) - 10)
        yield there


def know(root: Path, workshop: Workshop, key: TestKey) -> None:
    (root / KEYRING).write_bytes(dearmored(key.public.read_text()))
    text = (
        f"Types: deb\nURIs: {workshop.base_url}\nSuites: testing\nComponents: main\nSigned-By: /{KEYRING}\n"
    )
    (root / "etc/apt/sources.list.d/modpkg.sources").write_text(text)


def apt(root: Path, *words: str, check: bool = True, program: str = "apt-get") -> Completed:
    options = (
        "APT::Sandbox::User=root",
        "Acquire::Retries=0",
        "Acquire::http::Proxy=DIRECT",
        "APT::Get::Assume-Yes=true",
    )
    flags = [word for option in options for word in ("-o", option)]
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    return run(["chroot", root, program, *flags, *words], env=env, check=check)


def installed(root: Path) -> str:
    fragment = root / INSTALLED / "core/fragment.squashfs"
    return fragment.read_text() if fragment.exists() else ""


def test_apt_of_trixie_pins_upgrades_holds_and_downgrades(
    root: Path, published: Workshop, release_key: TestKey
) -> None:
    assert apt(root, "--version").stdout.startswith("apt 3.")
    assert (root / "usr/bin/sqv").exists()
    know(root, published, release_key)
    apt(root, "update", "--error-on=any")
    apt(root, "install", f"{CORE}=1.0.0-1")
    assert installed(root) == "core 1.0.0-1"
    apt(root, "hold", CORE, program="apt-mark")
    apt(root, "upgrade")
    assert installed(root) == "core 1.0.0-1"
    apt(root, "unhold", CORE, program="apt-mark")
    apt(root, "upgrade")
    assert installed(root) == "core 1.0.0-2"
    apt(root, "install", "--allow-downgrades", f"{CORE}=1.0.0-1")
    assert installed(root) == "core 1.0.0-1"
    assert "urgency=" in apt(root, "changelog", CORE).stdout


@pytest.mark.parametrize("name", ["release", "no-signature", "index", "package"])
def test_apt_of_trixie_refuses_what_was_tampered_with(
    root: Path, workshop: Workshop, release_key: TestKey, name: str
) -> None:
    with served(workshop.places.www) as base_url:
        there = workshop.at(base_url)
        there.publish(there.make(), now=int(time.time()))
        know(root, there, release_key)
        APT_ATTACKS[name].do(there.places.www)
        for words in (("update", "--error-on=any"), ("install", CORE)):
            done = apt(root, *words, check=False)
            if done.returncode:
                break
        assert done.returncode != 0
    assert installed(root) == ""


def test_apt_of_trixie_refuses_another_key(root: Path, published: Workshop, other_key: TestKey) -> None:
    know(root, published, other_key)
    done = apt(root, "update", "--error-on=any", check=False)
    assert done.returncode != 0
    assert "sqv" in done.stdout + done.stderr
