"""Real apt resolves recipes against a real signed archive."""

from __future__ import annotations

import re
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Event, Output, Warned
from modpkg.rootfs.request import Request
from modpkg.rootfs.resolve import resolve_platform
from tests.integration.archive.conftest import CORE, HELLO, LIBC, MAIN, NEWER, Setting

if TYPE_CHECKING:
    from collections.abc import Callable

    from modpkg.model.lock import PlatformLock

pytestmark = pytest.mark.programs
GOLDEN = Path(__file__).parents[2] / "golden" / "archive"


def resolved(setting: Setting, *requests: Request, events: list[Event] | None = None) -> PlatformLock:
    return resolve_platform(
        setting.platform,
        requests or (CORE,),
        mirrors=setting.site().mirrors,
        work=setting.work / "work",
        sink=(events if events is not None else []).append,
    )


def names(lock: PlatformLock, module: str) -> list[str]:
    return [package.name for package in lock.modules[module]]


def test_the_base_gets_the_essential_packages_and_no_usrmerge(setting: Setting) -> None:
    lock = resolved(setting)
    assert names(lock, "core") == ["base-files", "hello", "init-tools", "libtest", "usr-is-merged"]


def test_a_package_is_locked_exactly(setting: Setting) -> None:
    package = next(one for one in resolved(setting).modules["core"] if one.name == "libtest")
    path = setting.main.root / package.path
    assert package.version == LIBC.version
    assert (package.source, package.source_version) == ("tlibc", "2.0")
    assert (package.mirror, package.architecture) == ("debian", "amd64")
    assert package.path == "pool/main/l/libtest/libtest_2.0+x~1-1_amd64.deb"
    assert package.size == path.stat().st_size


def test_a_module_adds_only_what_is_not_below_it(setting: Setting) -> None:
    python = Request(module="python", packages=("python3",), below=("core",))
    tool = Request(module="tool", packages=("tool-a", "hello"), below=("core", "python"))
    lock = resolved(setting, tool, python, CORE)
    assert names(lock, "python") == ["python3"]
    assert names(lock, "tool") == ["libshared", "tool-a"]


def test_a_module_without_packages_adds_nothing(setting: Setting) -> None:
    lock = resolved(setting, CORE, Request(module="files", packages=(), below=("core",)))
    assert lock.modules["files"] == ()


def test_a_build_gets_what_neither_the_module_nor_those_below_have(setting: Setting) -> None:
    events: list[Event] = []
    python = Request(module="python", packages=("python3",), below=("core",))
    tool = Request(
        module="tool", packages=("tool-a",), below=("core", "python"), build=("tool-b", "hello", "python3")
    )
    lock = resolved(setting, CORE, python, tool, events=events)
    assert names(lock, "tool") == ["libshared", "tool-a"]
    assert {module: [one.name for one in share] for module, share in lock.build.items()} == {
        "tool": ["tool-b"]
    }
    # It is in no image, so that nothing is there twice.
    assert not [event for event in events if isinstance(event, Warned)]


def test_a_package_of_a_build_that_is_not_there_is_told(setting: Setting) -> None:
    tool = Request(module="tool", packages=(), below=("core",), build=("tool-x",))
    with pytest.raises(BadInputError, match=r"'tool-x' of module 'tool': did you mean"):
        resolved(setting, CORE, tool)


def test_what_two_modules_need_is_in_both_and_said(setting: Setting) -> None:
    events: list[Event] = []
    one = Request(module="a", packages=("tool-a",), below=("core",))
    other = Request(module="b", packages=("tool-b",), below=("core",))
    lock = resolved(setting, CORE, one, other, events=events)
    shared = [next(p for p in lock.modules[m] if p.name == "libshared") for m in ("a", "b")]
    assert shared[0] == shared[1]
    warnings = [event for event in events if isinstance(event, Warned)]
    assert len(warnings) == 1
    assert re.match(r"libshared \([\d,]+ bytes\) will be in each of the modules a, b", warnings[0].message)


def test_the_security_suite_wins(setting: Setting) -> None:
    setting.security.publish("bookworm-security", [NEWER])
    hello = next(one for one in resolved(setting).modules["core"] if one.name == "hello")
    assert (hello.version, hello.mirror) == (NEWER.version, "debian-security")


def test_of_equal_versions_the_first_source_wins(setting: Setting) -> None:
    setting.security.build(HELLO)
    setting.security.publish("bookworm-security", [HELLO])
    hello = next(one for one in resolved(setting).modules["core"] if one.name == "hello")
    assert (hello.version, hello.mirror) == (HELLO.version, "debian")


def test_requests_in_any_order_make_the_same_lock(setting: Setting) -> None:
    tool = Request(module="tool", packages=("tool-a", "tool-b"), below=("core",))
    turned = Request(module="tool", packages=("tool-b", "tool-a"), below=("core",))
    assert resolved(setting, CORE, tool) == resolved(setting, turned, CORE)


def test_a_mirror_may_be_a_directory(setting: Setting) -> None:
    web = resolved(setting)
    mirrors = setting.site(
        MODPKG_MIRROR_DEBIAN=setting.main.root.as_uri(),
        MODPKG_MIRROR_DEBIAN_SECURITY=setting.security.root.as_uri(),
    ).mirrors
    local = resolve_platform(setting.platform, (CORE,), mirrors=mirrors, work=setting.work / "other")
    assert local == web


def test_a_moved_archive_is_seen_and_its_lists_are_not_fetched_twice(setting: Setting) -> None:
    resolved(setting)
    before = len(setting.web.requests)
    resolved(setting)
    assert [one.path for one in setting.web.requests[before:] if "Packages" in one.path] == []
    setting.security.publish("bookworm-security", [NEWER])
    assert NEWER.version in {package.version for package in resolved(setting).modules["core"]}


def test_no_address_is_told(setting: Setting) -> None:
    events: list[Event] = []
    resolved(setting, events=events)
    lines = [event.line for event in events if isinstance(event, Output)]
    assert any("debian: bookworm InRelease" in line for line in lines)
    assert not any("127.0.0.1" in line for line in lines)


def fails(setting: Setting, *requests: Request) -> ModpkgError:
    with pytest.raises(ModpkgError) as caught:
        resolved(setting, *requests)
    return caught.value


def told(setting: Setting, error: ModpkgError) -> str:
    text = re.sub(r"\b[0-9A-F]{16}\b", "KEYID", setting.words(error))
    return re.sub(r"\b(\d+d )?(\d+h )?(\d+min )?\d+s\b", "TIME", text)


def expire(setting: Setting) -> None:
    past = {"Date": "Sun, 01 Feb 2020 00:00:00 UTC", "Valid_Until": "Sun, 01 Mar 2020 00:00:00 UTC"}
    setting.main.sign("bookworm", **past)


def tamper(setting: Setting) -> None:
    path = setting.main.root / "dists/bookworm/InRelease"
    path.write_text(path.read_text().replace("Origin: Test", "Origin: Evil"))


def strip_signature(setting: Setting) -> None:
    dist = setting.main.root / "dists/bookworm"
    shutil.copy(dist / "Release", dist / "InRelease")


def change_lists(setting: Setting) -> None:
    for path in (setting.main.root / "dists/bookworm/main/binary-amd64").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"?")


FAULTS: dict[str, Callable[[Setting], object]] = {
    "signature-of-a-stranger": lambda setting: setting.main.sign("bookworm", key=setting.stranger),
    "signature-missing": lambda setting: (setting.main.root / "dists/bookworm/InRelease").unlink(),
    "signature-stripped": strip_signature,
    "signature-wrong": tamper,
    "release-expired": expire,
    "release-of-the-future": lambda setting: setting.main.sign(
        "bookworm", Date="Sun, 01 Feb 2099 00:00:00 UTC"
    ),
    "lists-changed": change_lists,
    "suite-missing": lambda setting: shutil.rmtree(setting.main.root / "dists/bookworm"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_archive_that_cannot_be_trusted_is_refused(
    setting: Setting, golden: Callable[[Path, str], None], fault: str
) -> None:
    FAULTS[fault](setting)
    golden(GOLDEN / f"{fault}.txt", told(setting, fails(setting)))


def test_an_expired_archive_is_refused_though_its_lists_are_here(setting: Setting) -> None:
    resolved(setting)
    expire(setting)
    assert "Release" in str(fails(setting))


def test_no_network_is_said(setting: Setting, golden: Callable[[Path, str], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/debian"
    mirrors = setting.site(MODPKG_MIRROR_DEBIAN=address).mirrors
    # Only one: apt gives up on a second mirror of the same host in words of its own.
    platform = setting.platform.model_copy(update={"sources": setting.platform.sources[:1]})
    with pytest.raises(ModpkgError) as caught:
        resolve_platform(platform, (CORE,), mirrors=mirrors, work=setting.work / "work")
    golden(GOLDEN / "network-missing.txt", told(setting, caught.value))


def test_all_unknown_packages_are_told(setting: Setting, golden: Callable[[Path, str], None]) -> None:
    core = Request(module="core", packages=("helo", "hello", "interpreter"))
    tool = Request(module="tool", packages=("tool-c", "qqqq"), below=("core",))
    error = fails(setting, tool, core)
    assert isinstance(error, BadInputError)
    golden(GOLDEN / "package-unknown.txt", told(setting, error))


def test_packages_that_exclude_each_other_are_told(
    setting: Setting, golden: Callable[[Path, str], None]
) -> None:
    error = fails(setting, CORE, Request(module="tool", packages=("rival",), below=("core",)))
    golden(GOLDEN / "packages-in-conflict.txt", told(setting, error))


def test_a_package_that_cannot_be_installed_is_told(
    setting: Setting, golden: Callable[[Path, str], None]
) -> None:
    error = fails(setting, CORE, Request(module="tool", packages=("broken",), below=("core",)))
    golden(GOLDEN / "package-not-installable.txt", told(setting, error))


def test_a_missing_key_ring_is_told(setting: Setting, golden: Callable[[Path, str], None]) -> None:
    platform = setting.platform.model_copy(update={"keyring": "/nonexistent/keyring.gpg"})
    with pytest.raises(ModpkgError) as caught:
        resolve_platform(platform, (CORE,), mirrors=setting.site().mirrors, work=setting.work)
    golden(GOLDEN / "keyring-missing.txt", told(setting, caught.value))


def test_the_archive_of_these_tests_has_what_they_think() -> None:
    assert len({package.name for package in MAIN}) == len(MAIN)
