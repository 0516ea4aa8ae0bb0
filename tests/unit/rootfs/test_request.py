"""When a lock is stale: the digest of what it was made from."""

from dataclasses import replace

import pytest

from modpkg.model.platform import Platform
from modpkg.rootfs.request import Request, lock_inputs
from tests.support.jobs import PLATFORM

CORE = Request(module="core", packages=("systemd", "udev"))
SLURM = Request(module="slurm", packages=("slurmd", "munge"), below=("core", "python"))
HERE = Platform(**PLATFORM)
BEFORE = lock_inputs(HERE, [CORE, SLURM])


def test_the_order_in_which_things_are_named_makes_no_lock_stale() -> None:
    turned = replace(SLURM, packages=SLURM.packages[::-1], below=SLURM.below[::-1])
    assert lock_inputs(HERE, [turned, CORE]) == BEFORE


@pytest.mark.parametrize(
    "requests",
    [
        [CORE],
        [CORE, replace(SLURM, module="slurm-24")],
        [CORE, replace(SLURM, packages=("slurmd",))],
        [CORE, replace(SLURM, packages=(*SLURM.packages, "slurm-client"))],
        [CORE, replace(SLURM, below=("core",))],
        [CORE, replace(SLURM, build=("gcc",))],
        [replace(CORE, packages=SLURM.packages), replace(SLURM, packages=CORE.packages)],
    ],
    ids=[
        "module gone",
        "other name",
        "package gone",
        "package more",
        "module below gone",
        "build package more",
        "packages swapped",
    ],
)
def test_another_wish_makes_a_lock_stale(requests: list[Request]) -> None:
    assert lock_inputs(HERE, requests) != BEFORE


def test_other_sources_make_a_lock_stale_and_other_accounts_do_not() -> None:
    (first, *rest) = HERE.sources
    moved = HERE.model_copy(update={"sources": (first.model_copy(update={"mirror": "elsewhere"}), *rest)})
    assert lock_inputs(moved, [CORE, SLURM]) != BEFORE
    assert lock_inputs(HERE.model_copy(update={"name": "trixie"}), [CORE, SLURM]) != BEFORE
    assert lock_inputs(HERE.model_copy(update={"accounts": ()}), [CORE, SLURM]) == BEFORE


def test_a_lock_from_before_builds_had_packages_is_no_staler_for_it() -> None:
    # The digest of these words as the first release of modpkg gave it.
    assert BEFORE == "7ba87ae041ca8dac3f4d1a4edca3566dff471344873a80766a45d9e305ab0133"


def test_build_packages_make_a_lock_stale_whatever_their_order() -> None:
    one, other = (
        lock_inputs(HERE, [CORE, replace(SLURM, build=build)]) for build in (("a", "b"), ("b", "a"))
    )
    assert one == other
    assert one != lock_inputs(HERE, [CORE, replace(SLURM, packages=(*SLURM.packages, "a", "b"))])
