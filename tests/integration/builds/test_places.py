"""Machines that cannot build: a full disk, a user without rights. The message says what to do."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.other_user import reason_against, user_without_ids
from tests.support.small_store import CODE, Shop

pytestmark = [pytest.mark.programs, pytest.mark.network]
GOLDEN = Path(__file__).parents[2] / "golden" / "builds"
Golden = Callable[[Path, str], None]
# A file system of its own for the store, with little room beside what the store has.
SMALL_DISK = """\
set -e
store=$1 room=$2
shift 2
used=$(du --apparent-size --summarize --block-size=4096 "$store" | cut -f 1)
files=$(find "$store" | wc -l)
mkdir "$store.disk"
mount -t tmpfs -o "size=$(((used + files) * 4096 + room))" tmpfs "$store.disk"
cp -a "$store/." "$store.disk"
mount --bind "$store.disk" "$store"
"$@" && status=0 || status=$?
find "$store/scratch" "$store/builds" -newer "$store.disk" -mindepth 1 >&2
exit "$status"
"""


@pytest.mark.parametrize("room", [100_000, 3_000_000, 9_000_000])
def test_a_full_disk_is_told_and_leaves_nothing(shop: Shop, golden: Golden, room: int) -> None:
    shop.forget("tools", "probe")
    disk = ("unshare", "--mount", "--propagation=private", "sh", "-c", SMALL_DISK, "sh")
    refused = shop.modpkg(
        "build-module", "tools", "--offline", before=(*disk, str(shop.store.root), str(room))
    )
    assert refused.returncode == 1
    words = re.sub(r"[\d,]+ bytes are free", "SIZE bytes are free", shop.error(refused))
    golden(GOLDEN / "disk-full.txt", words)


def test_without_root_and_without_ids_the_way_out_is_told(shop: Shop, golden: Golden) -> None:
    if reason := reason_against():
        pytest.skip(reason)
    shop.forget("kernel")
    with user_without_ids() as user:
        project = user.home / "project"
        shutil.copytree(shop.project, project)
        # No trees: the build never comes so far as to need one.
        for name in ("blobs", "builds"):
            shutil.copytree(shop.store.root / name, user.home / "store" / name)
        user.give(user.home)
        env = {"MODPKG_STORE": str(user.home / "store")}
        words = ["build-module", "kernel", "--platform", "small", "--offline"]
        call = f"import os; os.chdir({str(project)!r}); {CODE}"
        refused = user.run("-c", call, *words, env=env)
        assert refused.returncode == 1, refused.stderr
        golden(GOLDEN / "no-root-and-no-ids.txt", shop.error(refused))
