"""A lock is made, kept, refused when stale, and its packages are fetched, also when the archive moved on."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.host.mirrors import Mirrors
from modpkg.model.platform import Platform, Source, Squashfs
from modpkg.pipeline.fetch_packages import GoneError, fetch_packages
from modpkg.pipeline.lock_platform import Locked, lock_platform
from modpkg.pipeline.platform_lock import Wish, load_platform_lock, lock_path
from modpkg.pipeline.site import Site
from modpkg.rootfs.request import Request
from modpkg.store.failures import FetchError
from modpkg.store.store import Store
from tests.integration.archive.conftest import CORE, MAIN, NEWER, Setting
from tests.support.web import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from modpkg.model.lock import PlatformLock

pytestmark = pytest.mark.programs
GOLDEN = Path(__file__).parents[2] / "golden" / "archive"
TOOL = Request(module="tool", packages=("tool-a",), below=("core",))


def locked(setting: Setting, *requests: Request, dry_run: bool = False) -> Locked:
    path = lock_path(setting.work / "recipes", "bookworm")
    wish, mirrors = setting.wish(*requests), setting.site().mirrors
    return lock_platform(wish, path, mirrors=mirrors, work=setting.work / "work", dry_run=dry_run)


def fetched(setting: Setting, lock: PlatformLock, site: Site, *modules: str) -> int:
    receipts = fetch_packages(lock, modules or lock.modules, platform=setting.platform, site=site)
    return len(receipts)


def is_apt_of(setting: Setting, environ: Path) -> bool:
    """Tell whether a process, by its environment in /proc, is an apt of this test."""
    try:
        return f"APT_CONFIG={setting.work}".encode() in environ.read_bytes()
    except OSError:  # it has just ended
        return False


def move_on(setting: Setting) -> None:
    """Let the archive have a newer hello, and the old one no more."""
    for package in setting.main.root.glob("pool/main/h/hello/*.deb"):
        package.unlink()
    setting.main.build(NEWER)
    setting.main.publish("bookworm", [*(one for one in MAIN if one.name != "hello"), NEWER])


def test_a_lock_is_written_once_and_read_back(setting: Setting) -> None:
    first = locked(setting, CORE, TOOL)
    assert first.path == setting.work / "recipes" / "platforms" / "bookworm.lock"
    assert first.receipt is not None
    assert load_platform_lock(first.path, setting.wish(CORE, TOOL)) == first.lock
    assert {change.kind for change in first.changes} == {"added"}
    again = locked(setting, CORE, TOOL)
    assert (again.changes, again.receipt) == ((), None)
    text = first.path.read_text()
    assert text.endswith("}\n")
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=2) + "\n"
    assert "127.0.0.1" not in text


def test_a_renewal_tells_what_moved(setting: Setting) -> None:
    locked(setting, CORE, TOOL)
    move_on(setting)
    dry = locked(setting, CORE, dry_run=True)
    assert dry.receipt is None
    assert [str(change) for change in dry.changes] == [
        "core: up hello 1.0-1 -> 1.0-1+deb12u1",
        "tool: removed libshared 1.0-1",
        "tool: removed python3 1.0-1",
        "tool: removed tool-a 1.0-1",
    ]
    assert load_platform_lock(dry.path, setting.wish(CORE, TOOL)).modules.keys() == {"core", "tool"}
    assert locked(setting, CORE).receipt is not None
    assert load_platform_lock(dry.path, setting.wish(CORE)) == dry.lock


def test_a_stale_or_missing_lock_is_refused(setting: Setting, golden: Callable[[Path, str], None]) -> None:
    path = setting.work / "bookworm.lock"
    with pytest.raises(BadInputError) as missing:
        load_platform_lock(path, setting.wish())
    golden(GOLDEN / "lock-missing.txt", setting.words(missing.value))
    shutil.copy(locked(setting).path, path)
    with pytest.raises(BadInputError) as stale:
        load_platform_lock(path, setting.wish(CORE, TOOL))
    golden(GOLDEN / "lock-stale.txt", setting.words(stale.value))
    path.write_text("{")
    with pytest.raises(BadInputError) as broken:
        load_platform_lock(path, setting.wish())
    golden(GOLDEN / "lock-broken.txt", setting.words(broken.value))


def test_a_broken_lock_can_be_renewed(setting: Setting) -> None:
    path = locked(setting).path
    path.write_text("{")
    assert locked(setting).receipt is not None
    load_platform_lock(path, setting.wish())


def test_after_a_kill_the_lock_is_made_by_the_next_run(setting: Setting) -> None:
    lists = "debian/dists/bookworm/main/binary-amd64/Packages.gz"
    setting.web.faults[lists] = [Fault(pause_seconds=30)]
    context = multiprocessing.get_context("fork")
    process = context.Process(target=locked, args=(setting,))
    process.start()
    while not setting.web.starts(lists):
        assert process.is_alive()
        time.sleep(0.01)
    process.kill()
    process.join()
    assert not lock_path(setting.work / "recipes", "bookworm").exists()
    assert locked(setting).receipt is not None
    assert not [path for path in Path("/proc").glob("[0-9]*/environ") if is_apt_of(setting, path)]


def test_packages_of_a_lock_are_fetched_once(setting: Setting) -> None:
    lock = locked(setting, CORE, TOOL).lock
    site = setting.site()
    assert fetched(setting, lock, site, "core") == 5
    assert fetched(setting, lock, site) == 3
    before = len(setting.web.requests)
    assert fetched(setting, lock, site) == 0
    assert len(setting.web.requests) == before


def test_a_warm_store_needs_neither_network_nor_mirror(setting: Setting) -> None:
    lock = locked(setting).lock
    fetched(setting, lock, setting.site())
    nowhere = Mirrors(apt_directory=setting.work / "none")
    site = Site(mirrors=nowhere, store=Store(setting.work / "store"))
    assert fetched(setting, lock, site) == 0


def test_a_cold_store_offline_says_what_it_lacks(
    setting: Setting, golden: Callable[[Path, str], None]
) -> None:
    lock = locked(setting).lock
    before = len(setting.web.requests)
    with pytest.raises(ModpkgError) as caught:
        fetched(setting, lock, setting.site(offline=True))
    text = setting.words(caught.value)
    sizes = sum(package.size for package in lock.modules["core"])
    golden(GOLDEN / "offline-and-cold.txt", text.replace(f"{sizes:,}", "SIZE"))
    assert len(setting.web.requests) == before


def test_what_is_gone_is_listed_with_the_command_that_renews(
    setting: Setting, golden: Callable[[Path, str], None]
) -> None:
    lock = locked(setting).lock
    move_on(setting)
    with pytest.raises(GoneError) as caught:
        fetched(setting, lock, setting.site())
    assert [package.name for package in caught.value.packages] == ["hello"]
    golden(GOLDEN / "package-gone.txt", setting.words(caught.value))
    renewed = locked(setting).lock
    assert fetched(setting, renewed, setting.site()) == 1


def test_what_is_gone_comes_from_snapshots(setting: Setting) -> None:
    lock = locked(setting).lock
    shutil.copytree(setting.main.root, setting.web.root / "snapshot" / "today")
    move_on(setting)
    templates = f"{setting.web.url}/snapshot/none/{{path}} {setting.web.url}/snapshot/today"
    assert fetched(setting, lock, setting.site(MODPKG_SNAPSHOTS_DEBIAN=templates)) == 5


def test_the_platform_may_name_its_snapshots(setting: Setting) -> None:
    lock = locked(setting).lock
    shutil.copytree(setting.web.root / "debian", setting.web.root / "old" / "debian")
    move_on(setting)
    platform = setting.platform.model_copy(update={"snapshots": "old-days"})
    site = setting.site(MODPKG_SNAPSHOTS_OLD_DAYS=f"{setting.web.url}/old/{{mirror}}/{{path}}")
    assert len(fetch_packages(lock, ["core"], platform=platform, site=site)) == 5


def test_other_bytes_are_refused(setting: Setting, golden: Callable[[Path, str], None]) -> None:
    lock = locked(setting).lock
    package = next(one for one in lock.modules["core"] if one.name == "hello")
    path = setting.main.root / package.path
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(FetchError) as caught:
        fetched(setting, lock, setting.site())
    found = caught.value.failures[0].detail.split()[3].rstrip(",")
    text = setting.words(caught.value).replace(package.sha256, "WANTED").replace(found, "FOUND")
    golden(GOLDEN / "hash-mismatch.txt", text)
    site = setting.site()
    assert not site.store.has(package.sha256)
    assert list((site.store.root / "partial").iterdir()) == []


def test_without_network_the_fetch_says_so(setting: Setting, golden: Callable[[Path, str], None]) -> None:
    lock = locked(setting).lock
    site = setting.site(MODPKG_MIRROR_DEBIAN="http://127.0.0.1:1/debian")
    with pytest.raises(FetchError) as caught:
        fetched(setting, lock, site)
    golden(GOLDEN / "fetch-without-network.txt", setting.words(caught.value))


def test_no_mirror_at_all_is_said(setting: Setting, golden: Callable[[Path, str], None]) -> None:
    mirrors = Mirrors(apt_directory=setting.work / "none")
    with pytest.raises(ModpkgError) as caught:
        lock_platform(setting.wish(), setting.work / "x.lock", mirrors=mirrors, work=setting.work)
    golden(GOLDEN / "mirror-unknown.txt", setting.words(caught.value))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_makes_the_same_lock(setting: Setting) -> None:
    by_root = locked(setting).lock
    # pytest's own directories are closed to others.
    with tempfile.TemporaryDirectory() as name:
        own = Path(name)
        os.chown(own, 65534, 65534)
        keyring = shutil.copy(setting.platform.keyring, own / "keyring.gpg")
        platform = setting.platform.model_copy(update={"keyring": str(keyring)})
        wish = Wish(platform=platform, requests=(CORE,))
        child = os.fork()
        if child == 0:
            _become_nobody_and_lock(wish, setting.site().mirrors, own)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert load_platform_lock(own / "bookworm.lock", wish) == by_root


def _become_nobody_and_lock(wish: Wish, mirrors: Mirrors, own: Path) -> None:
    code = 1
    try:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        lock_platform(wish, own / "bookworm.lock", mirrors=mirrors, work=own / "work")
        code = 0
    finally:
        os._exit(code)


def _bookworm() -> Platform:
    return Platform(
        name="bookworm",
        summary="Debian 12",
        package_manager="apt",
        architecture="amd64",
        keyring="/usr/share/keyrings/debian-archive-keyring.gpg",
        sources=(
            Source(mirror="debian", suites=("bookworm", "bookworm-updates"), components=("main",)),
            Source(mirror="debian-security", suites=("bookworm-security",), components=("main",)),
        ),
        squashfs=Squashfs(level=3),
    )


@pytest.mark.network
def test_the_hosts_own_mirror_resolves_hello(tmp_path: Path) -> None:
    site = Site.of({"HOME": "/nonexistent", "MODPKG_STORE": str(tmp_path / "store")})
    wish = Wish(platform=_bookworm(), requests=(Request(module="core", packages=("hello",)),))
    made = lock_platform(wish, tmp_path / "bookworm.lock", mirrors=site.mirrors, work=tmp_path)
    names = [package.name for package in made.lock.modules["core"]]
    assert {"hello", "libc6", "dpkg", "usr-is-merged"} <= set(names)
    assert "usrmerge" not in names
    hello = [package for package in made.lock.modules["core"] if package.name == "hello"]
    only = made.lock.model_copy(update={"modules": {"core": tuple(hello)}})
    receipts = fetch_packages(only, ["core"], platform=wish.platform, site=site)
    assert [receipt.sha256 for receipt in receipts] == [hello[0].sha256]
