from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.image.budget import BudgetError, Shares, file_sizes, owners_of, shares_of
from tests.support.stack import make_fragment, make_module

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parents[2] / "golden/image/over-budget.txt"
DIGEST = "0" * 64
CORE = make_module(
    "core",
    fragment=make_fragment("core").model_copy(update={"size": 50_000_000}),
    paths={
        "usr": "dir 0755 0 0",
        "usr/bin/a": f"file 0755 0 0 60000000 {DIGEST}",
        "usr/bin/b": f"file 0755 0 0 60000000 {DIGEST} link=usr/bin/a",
        "usr/lib/x86/libc.so": f"file 0644 0 0 30000000 {DIGEST}",
        "usr/lib/x86/deep/er/x": f"file 0644 0 0 10000000 {DIGEST} security.capability=01",
        "usr/lib/link": "symlink 0777 0 0 x86",
    },
)
TOOLS = make_module("tools", fragment=make_fragment("tools").model_copy(update={"size": 10_000_000}))


def test_hard_links_are_counted_once() -> None:
    assert file_sizes(CORE.paths) == {
        "usr/bin/a": 60_000_000,
        "usr/lib/x86/libc.so": 30_000_000,
        "usr/lib/x86/deep/er/x": 10_000_000,
    }


def test_compressed_bytes_are_shared_out_by_size() -> None:
    shares = shares_of([TOOLS, CORE], {"core": {"usr/bin/a": "base", "usr/lib/x86/libc.so": "libc6"}})
    assert shares == Shares(
        modules=(("core", 50_000_000), ("tools", 10_000_000)),
        packages=(("core/base", 30_000_000), ("core/libc6", 15_000_000), ("core/(no package)", 5_000_000)),
        directories=(("/usr/bin", 30_000_000), ("/usr/lib/x86", 20_000_000)),
    )


def test_a_module_without_files_has_no_shares_but_its_own() -> None:
    assert shares_of([TOOLS], {}) == Shares(modules=(("tools", 10_000_000),), packages=(), directories=())


def test_lists_of_dpkg_say_whose_a_path_is() -> None:
    lists = [("libc6:amd64", "/.\n/usr\n/usr/lib/libc.so\n"), ("base", "/.\n/etc/motd\n")]
    assert owners_of(lists) == {"usr": "libc6", "usr/lib/libc.so": "libc6", "etc/motd": "base"}


def test_the_error_has_all_tables_and_the_way_out(golden: "Callable[[Path, str], None]") -> None:
    owners = {"core": {"usr/bin/a": "base", "usr/lib/x86/libc.so": "libc6"}}
    error = BudgetError(
        "compute", size=60_000_000, budget=55_500_000, shares=shares_of([CORE, TOOLS], owners)
    )
    assert error.exit_code == 1
    golden(GOLDEN, f"{error}\n")


@pytest.mark.parametrize("count", [3, 30])
def test_only_the_largest_are_shown(count: int) -> None:
    rows = tuple((f"core/p{number}", 1000 - number) for number in range(count))
    shares = Shares(modules=(("core", 1),), packages=rows, directories=rows)
    text = str(BudgetError("x", size=1000, budget=1, shares=shares))
    assert text.count("core/p") == 2 * min(count, 10)
