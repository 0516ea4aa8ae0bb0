"""The real worker in its namespaces: what it gets, what it gives back, how it ends."""

import os
import socket
import stat
from pathlib import Path

import pytest

from modpkg.errors import ModpkgError
from modpkg.events import ignore
from modpkg.host.files import digest_file
from modpkg.host.namespaces import enter
from modpkg.host.run import CommandError, run
from modpkg.pipeline.apart import WorkerError, call
from modpkg.pipeline.unpacked import UnpackJob, unpacked_tree
from modpkg.rootfs.inventory import inventory
from modpkg.rootfs.normalize import DIRECTORY_TIME
from modpkg.squashfs.pack import Settings, pack_tree
from modpkg.store.store import Store

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(os.geteuid() != 0, reason="builds as another user are a test of their own"),
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin/x").write_text("x")
    (tree / "usr/bin/x").chmod(0o4711)
    os.chown(tree / "usr/bin/x", 301, 302)
    return tree


@pytest.fixture
def fragment(tree: Path, tmp_path: Path) -> Path:
    settings = Settings(level=1, block_size=131072, time=DIRECTORY_TIME)
    return pack_tree(tree, tmp_path / "fragment", settings).path


def job(tmp_path: Path, fragment: Path) -> UnpackJob:
    return UnpackJob(fragment=fragment, scratch=tmp_path / "scratch", directory=tmp_path / "trees/x")


def test_a_fragment_is_unpacked_as_it_was(tmp_path: Path, tree: Path, fragment: Path) -> None:
    assert call("unpack", job(tmp_path, fragment), mode="root", work=tmp_path, sink=ignore) == {}
    assert inventory(tmp_path / "trees/x") == inventory(tree)


def test_the_callers_umask_does_not_come_along(tmp_path: Path, fragment: Path) -> None:
    before = os.umask(0o077)
    try:
        call("unpack", job(tmp_path, fragment), mode="root", work=tmp_path, sink=ignore)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "trees").stat().st_mode) == 0o755


def test_the_machine_keeps_its_name(tmp_path: Path, fragment: Path) -> None:
    before = socket.gethostname()
    call("unpack", job(tmp_path, fragment), mode="root", work=tmp_path, sink=ignore)
    assert socket.gethostname() == before


def test_a_store_unpacks_what_it_has(tmp_path: Path, tree: Path, fragment: Path) -> None:
    store = Store(tmp_path / "store")
    sha256 = store.add(fragment).sha256
    assert sha256 == digest_file(fragment)
    assert inventory(unpacked_tree(store, sha256, mode="root", sink=ignore)) == inventory(tree)


def test_a_program_that_fails_there_is_told_here(tmp_path: Path) -> None:
    (tmp_path / "fragment").write_text("no squashfs")
    with pytest.raises(ModpkgError) as caught:
        call("unpack", job(tmp_path, tmp_path / "fragment"), mode="root", work=tmp_path, sink=ignore)
    assert "cannot run " in caught.value.what
    assert "unsquashfs" in caught.value.what
    assert not isinstance(caught.value, CommandError)
    assert not (tmp_path / "trees").exists()


def test_a_fault_of_the_worker_is_an_internal_error_with_its_traceback(
    tmp_path: Path, fragment: Path
) -> None:
    with pytest.raises(WorkerError, match=r"^nonsense: KeyError: 'nonsense'") as caught:
        call("nonsense", job(tmp_path, fragment), mode="root", work=tmp_path, sink=ignore)
    assert "worker.py" in caught.value.__notes__[0]


def test_what_the_machine_refuses_there_is_one_line_here(tmp_path: Path, fragment: Path) -> None:
    (tmp_path / "file").touch()
    job_below_a_file = UnpackJob(
        fragment=fragment, scratch=tmp_path / "scratch", directory=tmp_path / "file/trees/x"
    )
    with pytest.raises(ModpkgError) as caught:
        call("unpack", job_below_a_file, mode="root", work=tmp_path, sink=ignore)
    assert caught.value.what == f"cannot use {tmp_path}/file/trees: Not a directory"
    assert caught.value.hint.startswith("a part of that path is a file")


def test_there_is_no_network_but_the_loopback() -> None:
    lines = run([*enter("root"), "cat", "/proc/net/dev"]).stdout.splitlines()
    assert [line.split(":")[0].strip() for line in lines[2:]] == ["lo"]
