"""A signed archive of a few packages, built once, copied for each test, served on loopback."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from modpkg.host.mirrors import Mirrors
from modpkg.model.platform import Platform, Source, Squashfs
from modpkg.pipeline.platform_lock import Wish
from modpkg.pipeline.site import Site
from modpkg.rootfs.request import Request
from modpkg.store.store import Store
from tests.support.archive import Archive, Key, Package
from tests.support.web import Web, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ESSENTIAL = Package(name="base-files", version="12.4", fields={"Essential": "yes"})
INIT = Package(name="init-tools", fields={"Depends": "usrmerge | usr-is-merged"})
MERGE = Package(name="usrmerge", fields={"Depends": "perl"})
MERGED = Package(name="usr-is-merged", architecture="all")
PERL = Package(name="perl", padding=b"p" * 400_000)
LIBC = Package(name="libtest", version="2:2.0+x~1-1", fields={"Source": "tlibc (2.0)"})
HELLO = Package(name="hello", fields={"Depends": "libtest (>= 1)", "Recommends": "perl"})
NEWER = replace(HELLO, version="1.0-1+deb12u1")
PYTHON = Package(name="python3", fields={"Depends": "libtest", "Provides": "python-abi (= 3), interpreter"})
SHARED = Package(name="libshared")
TOOL_A = Package(name="tool-a", fields={"Depends": "libshared, python3"})
TOOL_B = Package(name="tool-b", fields={"Depends": "libshared"})
RIVAL = Package(name="rival", fields={"Conflicts": "libtest"})
BROKEN = Package(name="broken", fields={"Depends": "nowhere (>= 2)"})
MAIN = [
    ESSENTIAL, INIT, MERGE, MERGED, PERL, LIBC, HELLO, PYTHON, SHARED, TOOL_A, TOOL_B, RIVAL, BROKEN
]  # fmt: skip
CORE = Request(module="core", packages=("init-tools", "hello"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """An archive of one test: the files, the server, a platform that names it, the site that has it."""

    web: Web
    main: Archive
    security: Archive
    stranger: Key
    platform: Platform
    work: Path

    @property
    def addresses(self) -> dict[str, str]:
        return {
            "MODPKG_MIRROR_DEBIAN": f"{self.web.url}/debian",
            "MODPKG_MIRROR_DEBIAN_SECURITY": f"{self.web.url}/debian-security",
        }

    def site(self, *, offline: bool = False, **environ: str) -> Site:
        mirrors = Mirrors(environ={**self.addresses, **environ})
        return Site(mirrors=mirrors, store=Store(self.work / "store"), offline=offline)

    def wish(self, *requests: Request) -> Wish:
        return Wish(platform=self.platform, requests=requests or (CORE,))

    def words(self, error: BaseException) -> str:
        """Give an error without what differs from run to run."""
        return str(error).replace(str(self.work), "WORK").replace(self.web.url, "URL") + "\n"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Key, Key]:
    directory = tmp_path_factory.mktemp("archive")
    key, stranger = Key.made(directory), Key.made(directory, "stranger")
    main = Archive(directory / "www" / "debian", key)
    for package in MAIN:
        main.build(package)
    main.publish("bookworm", MAIN)
    security = Archive(directory / "www" / "debian-security", key)
    security.build(NEWER)
    security.publish("bookworm-security", [])
    return directory, key, stranger


@pytest.fixture
def setting(built: tuple[Path, Key, Key], tmp_path: Path) -> Iterator[Setting]:
    directory, key, stranger = built
    shutil.copytree(directory / "www", tmp_path / "www")
    platform = Platform(
        name="bookworm",
        summary="a test",
        package_manager="apt",
        architecture="amd64",
        keyring=str(key.keyring),
        sources=(
            Source(mirror="debian", suites=("bookworm",), components=("main",)),
            Source(mirror="debian-security", suites=("bookworm-security",), components=("main",)),
        ),
        squashfs=Squashfs(level=3),
    )
    with serving(tmp_path / "www") as web:
        yield Setting(
            web=web,
            main=Archive(tmp_path / "www" / "debian", key),
            security=Archive(tmp_path / "www" / "debian-security", key),
            stranger=stranger,
            platform=platform,
            work=tmp_path,
        )
