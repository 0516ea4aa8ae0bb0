"""What of resolving needs no apt: the order of modules, and what makes a lock stale."""

from __future__ import annotations

import pytest

from modpkg.errors import BadInputError
from modpkg.model.platform import Platform, Source, Squashfs
from modpkg.rootfs.request import Request, lock_inputs
from modpkg.rootfs.resolve import below_closures

PLATFORM = Platform(
    name="bookworm",
    summary="a test",
    package_manager="apt",
    architecture="amd64",
    keyring="/k.gpg",
    sources=(Source(mirror="debian", suites=("bookworm",), components=("main",)),),
    squashfs=Squashfs(level=3),
)
CORE = Request(module="core", packages=("b", "a"))
PYTHON = Request(module="python", packages=("python3",), below=("core",))
NFS = Request(module="nfs", packages=("nfs-common",), below=("python",))


def test_modules_come_after_all_below_them() -> None:
    assert list(below_closures([NFS, PYTHON, CORE]).items()) == [
        ("core", frozenset()),
        ("python", frozenset({"core"})),
        ("nfs", frozenset({"core", "python"})),
    ]


def test_a_circle_is_told() -> None:
    one, other = (
        Request(module="a", packages=(), below=("b",)),
        Request(module="b", packages=(), below=("a",)),
    )
    with pytest.raises(BadInputError, match=r"a circle: (a -> b -> a|b -> a -> b)"):
        below_closures([one, other])


def test_a_module_that_is_not_there_is_told() -> None:
    with pytest.raises(BadInputError, match="cannot find the module 'python'"):
        below_closures([CORE, NFS])


def test_order_does_not_make_a_lock_stale() -> None:
    turned = Request(module="core", packages=("a", "b"))
    assert lock_inputs(PLATFORM, [CORE, PYTHON]) == lock_inputs(PLATFORM, [PYTHON, turned])


def test_what_does_not_decide_versions_does_not_make_a_lock_stale() -> None:
    other = PLATFORM.model_copy(update={"squashfs": Squashfs(level=19), "keyring": "/other", "summary": "x"})
    assert lock_inputs(PLATFORM, [CORE]) == lock_inputs(other, [CORE])


@pytest.mark.parametrize(
    "requests",
    [
        [CORE],
        [CORE, Request(module="python", packages=("python3", "x"), below=("core",))],
        [CORE, Request(module="python", packages=("python3",))],
        [CORE, Request(module="python3", packages=("python3",), below=("core",))],
    ],
)
def test_another_request_makes_a_lock_stale(requests: list[Request]) -> None:
    assert lock_inputs(PLATFORM, requests) != lock_inputs(PLATFORM, [CORE, PYTHON])


def test_another_source_makes_a_lock_stale() -> None:
    sources = (Source(mirror="debian", suites=("bookworm", "bookworm-updates"), components=("main",)),)
    other = PLATFORM.model_copy(update={"sources": sources})
    assert lock_inputs(PLATFORM, [CORE]) != lock_inputs(other, [CORE])
