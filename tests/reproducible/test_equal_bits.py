"""The small platform built from nothing again, in other surroundings: every file made has the same bits."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from modpkg.host.run import Completed, run
from modpkg.store.store import Store
from tests.support import other_date
from tests.support.other_user import CHECKOUT, reason_against, user_with_ids
from tests.support.small_platform import MODULES, build_everything, digests, sha256_of
from tests.support.small_store import Small

pytestmark = [pytest.mark.programs, pytest.mark.network]
PROGRAM = "tests.support.small_platform"
# A file system in memory lists names in another order than a disk, and in the reverse of their creation.
SURROUNDINGS = """\
set -e
mount -t tmpfs -o mode=0755 tmpfs "$1"
cp -a "$2" "$1/store"
mount --bind "$3" /usr/local/sbin
# libfaketime leaves files there, named by numbers of processes that a namespace gives out again.
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
shift 3
umask 0077
exec "$@"
"""
FAR = "a-rather-long-name-of-a-folder-that-nobody-would-give-it/but-a-test-does"


@pytest.fixture
def place() -> Iterator[Path]:
    """Give a folder whose path is long and not below that of the first build."""
    top = Path(tempfile.mkdtemp(prefix="modpkg-equal.", dir="/var/tmp"))
    (top / FAR).mkdir(parents=True)
    yield top / FAR
    shutil.rmtree(top)


def first(small: Small) -> dict[str, Path]:
    return digests(build_everything(small.workshop()), small.image)


def downloads(small: Small, directory: Path) -> Store:
    """Give a new store that has the locked packages and nothing built."""
    store, lock = Store(directory), small.workshop().lock
    for package in (package for name in MODULES for package in lock.modules[name]):
        target = store.path(package.sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(small.store.path(package.sha256), target)
    return store


def require_equal(before: dict[str, Path], completed: Completed) -> None:
    assert completed.returncode == 0, completed.stderr
    after = {name: (Path(path), digest) for name, (path, digest) in json.loads(completed.stdout).items()}
    assert after.keys() == before.keys()
    differing = [name for name, path in before.items() if sha256_of(path) != after[name][1]]
    # The package of a module holds its fragment and module.json, so it tells all; so does the root of an image.
    telling = [name for name in differing if name.endswith(".deb")] or differing
    assert not differing, "\n".join(
        [f"{differing} differ", *(_told(before[n], after[n][0]) for n in telling)]
    )


def _told(one: Path, other: Path) -> str:
    if not other.exists():
        return f"{other} was in memory and is gone"
    return run(["diffoscope", "--max-report-size", "20000", one, other], check=False).stdout


def days_seen(completed: Completed) -> set[str]:
    said = [
        json.loads(line) for line in completed.stderr.splitlines() if line.startswith('{"event": "Output"')
    ]
    return {event["line"].removeprefix("today is ") for event in said}


def test_other_date_zone_locale_umask_folder_file_system_and_cpu_count(
    small: Small, place: Path, tmp_path: Path
) -> None:
    if not other_date.LIBRARY.exists():
        pytest.skip(f"{other_date.LIBRARY} is missing: apt-get install libfaketime")
    before = first(small)
    downloads(small, tmp_path / "downloads")
    programs = other_date.write_programs(tmp_path / "sbin", offset="+400d")
    shutil.copytree(small.project, place / "project")
    (place / "memory").mkdir()
    around = ["unshare", "--mount", "--propagation=private", "sh", "-c", SURROUNDINGS, "sh"]
    around += [str(path) for path in (place / "memory", tmp_path / "downloads", programs)]
    build = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0))), sys.executable, "-m", PROGRAM]
    paths = [place / "project" / "recipes", place / "memory" / "store", place / "work"]
    env = {
        "TZ": "Pacific/Kiritimati",
        "LANG": "tr_TR.UTF-8",
        "LC_ALL": "tr_TR.UTF-8",
        "PYTHONPATH": str(CHECKOUT),
    }
    completed = run([*around, *build, *paths], env=env, check=False)
    require_equal(before, completed)
    assert days_seen(completed)
    assert datetime.now(UTC).strftime("%F") not in days_seen(completed)


def test_an_ordinary_user(small: Small) -> None:
    if reason := reason_against():
        pytest.skip(reason)
    before = first(small)
    with user_with_ids() as user:
        project, store = user.home / "project", user.home / "store"
        shutil.copytree(small.project, project)
        downloads(small, store)
        user.give(user.home)
        completed = user.run("-m", PROGRAM, project / "recipes", store, user.home / "work")
        require_equal(before, completed)
        assert {path.stat().st_uid for path in (store / "blobs").rglob("*")} == {user.uid}
        # Files of mapped users are left in the store: they go as they came.
        run(["chown", "--recursive", "0:0", user.home])
