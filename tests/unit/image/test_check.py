from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest

from modpkg.image.check import check, find
from modpkg.image.finding import CheckError
from modpkg.model.module import LowerModule, Module, State
from tests.support.stack import lower, make_module, stanza

GOLDEN = Path(__file__).parents[2] / "golden" / "image"
FILE = "file 0755 0 0 10 "
CORE = make_module(
    "core",
    version="12.0.3-41",
    paths={
        "lib": "symlink 0777 0 0 usr/lib",
        "usr": "dir 0755 0 0",
        "usr/bin": "dir 0755 0 0",
        "usr/bin/tool": FILE + "a" * 64,
    },
    state=State(
        stanzas=(stanza("libc6", "2.36-9", multi_arch="same"), stanza("zlib1g", "1.2")),
        lines={"etc/group": ("root:x:0:",), "etc/passwd": ("root:x:0:0:root:/root:/bin/bash",)},
    ),
)
KERNEL = make_module("kernel", kernel="6.1.0", depends=(lower(CORE),))
IB = make_module(
    "infiniband",
    depends=(lower(CORE),),
    paths={"usr": "dir 0755 0 0", "usr/bin/ibstat": FILE + "b" * 64},
    state=State(
        stanzas=(stanza("rdma-core", depends="libc6 (>= 2.34)"),), lines={"etc/group": ("rdma:x:300:",)}
    ),
)


def broken() -> list[Module]:
    """Give a set with one fault of every kind."""
    other_core = LowerModule(name="core", version="12.0.2-40", fragment="f" * 64)
    python = LowerModule(name="python", version="3.11.2-1", fragment="e" * 64)
    slurm = make_module(
        "slurm",
        version="22.5.8-3",
        depends=(other_core, python),
        conflicts=("infiniband", "storage"),
        paths={
            "lib": "dir 0755 0 0",
            "usr/bin": "dir 0750 0 64",
            "usr/bin/tool": FILE + "c" * 64,
            "usr/lib/modules/6.1.99/x.ko": FILE + "d" * 64,
        },
        state=State(
            stanzas=(
                stanza("munge", depends="libmunge2 (= 1.0-1), libc6 (>= 3)"),
                stanza("slurmd", conflicts="rdma-core", breaks="zlib1g (<< 2)"),
                stanza("zlib1g", "1.3"),
            ),
            lines={
                "etc/group": ("munge:x:300:",),
                "etc/passwd": ("root:x:0:0:root:/root:/bin/zsh",),
            },
        ),
    )
    return [CORE, KERNEL, IB, slurm, make_module("arm", architecture="arm64", kernel="6.1.0-arm64")]


def test_a_sound_set_has_no_findings() -> None:
    check([CORE, KERNEL, IB])


def test_all_findings_come_at_once(golden: Callable[[Path, str], None]) -> None:
    with pytest.raises(CheckError) as raised:
        check(broken())
    golden(GOLDEN / "findings.txt", f"{raised.value}\n")


def test_findings_do_not_depend_on_the_order_of_modules() -> None:
    wanted = find(broken())
    assert len(wanted) > 10
    assert all(find(modules) == wanted for modules in permutations(broken()))


def test_an_unknown_assembly_format_is_all_that_is_said() -> None:
    (finding,) = find([*broken(), make_module("new", assembly_format=3)])
    assert str(finding) == (
        "module new: assembly format 3; this modpkg knows 2\n"
        "  hint: use the modpkg that built it, or a newer one"
    )


def test_core_must_be_there_and_nothing_twice() -> None:
    found = [(finding.about, finding.what) for finding in find([IB, IB])]
    assert ("module core", "is missing") in found
    assert ("module infiniband", "is there more than once") in found
