"""Nothing of the machine enters a package: equal modules give equal bytes."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modpkg.host.run import run
from tests.support.modules import DEFAULT_FRAGMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.programs
CHECKOUT = Path(__file__).parents[3]
NOBODY = 65534


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """Give a directory that other users reach too, which pytest's are not."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


def written(directory: Path, *, mtime: int, umask: str, uid: int, env: dict[str, str]) -> str:
    directory.mkdir()
    directory.chmod(0o777)
    fragment = directory / "fragment"
    fragment.write_bytes(DEFAULT_FRAGMENT)
    os.utime(fragment, (mtime, mtime))
    program = ["-m", "tests.support.write_packages", fragment, directory, umask, str(uid)]
    env = {"PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1", **env}
    return run([sys.executable, *program], env=env, cwd=directory).stdout


def test_time_user_umask_zone_locale_and_place_do_not_matter(open_directory: Path) -> None:
    first = written(open_directory / "a", mtime=1, umask="022", uid=0, env={})
    others = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "LANG": "C", "PYTHONHASHSEED": "7", "HOME": "/tmp"}  # noqa: S108 - any other home
    second = written(open_directory / "b", mtime=2**31, umask="077", uid=NOBODY, env=others)
    assert first == second
    assert len(first.splitlines()) == 2
