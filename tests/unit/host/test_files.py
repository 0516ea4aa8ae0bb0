import hashlib
import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from modpkg.events import Warned
from modpkg.host.files import (
    COMPARED_BYTES,
    SMALL,
    Receipt,
    copy_file,
    digest_file,
    exchange,
    locked,
    measuring,
    new_directory,
    new_file,
    receipt_of,
    remove_tree,
    replace_atomically,
    same_content,
    sync_directories,
    sync_file_system,
    temporary_directory,
    write_atomically,
)

EMPTY = hashlib.sha256(b"").hexdigest()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_receipt_tells_path_size_and_digest(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    receipt = write_atomically(path, "grüße\n")
    content = "grüße\n".encode()
    assert receipt == Receipt(path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest())
    assert receipt_of(path) == receipt
    assert path.read_bytes() == content


def test_a_large_file_has_the_digest_of_its_content(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * 3_000_001)
    assert digest_file(path) == hashlib.sha256(b"x" * 3_000_001).hexdigest()


@pytest.mark.parametrize("size", [0, 1, COMPARED_BYTES, COMPARED_BYTES + 1])
def test_files_are_the_same_by_their_bytes(tmp_path: Path, size: int) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"x" * size)
    other.write_bytes(b"x" * size)
    assert same_content(one, other)
    other.write_bytes(b"x" * size + b"y")
    assert not same_content(one, other)
    assert not same_content(other, one)
    one.write_bytes(b"x" * size + b"z")
    assert not same_content(one, other)


def test_a_file_is_measured_while_something_else_is_done(tmp_path: Path) -> None:
    path = tmp_path / "root"
    path.write_bytes(b"modpkg" * 1_000_000)
    with measuring(path) as measured:
        inside = measured()
    assert inside == measured() == receipt_of(path)


def test_what_cannot_be_mapped_is_measured_all_the_same_or_refused_with_its_name(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    with measuring(empty) as measured:
        assert measured() == receipt_of(empty)
    with measuring(tmp_path / "gone") as measured, pytest.raises(FileNotFoundError, match="gone"):
        measured()


def test_an_error_of_the_block_is_not_hidden_by_the_measuring(tmp_path: Path) -> None:
    (tmp_path / "root").write_bytes(b"x" * 1_000_000)
    with pytest.raises(LookupError), measuring(tmp_path / "root"):
        raise LookupError


def test_the_mode_of_a_file_is_ours_and_not_that_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_atomically(tmp_path / "public", b"")
        write_atomically(tmp_path / "secret", b"", mode=0o600)
    finally:
        os.umask(before)
    assert (tmp_path / "public").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_file_has_the_time_that_it_is_given(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"x", seconds=1_000_000_000)
    assert (tmp_path / "file").stat().st_mtime_ns == 1_000_000_000 * 10**9


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    (target / "kept").write_text("old")
    with pytest.raises(IsADirectoryError):
        write_atomically(target, "new")
    assert names(tmp_path) == ["folder"]


def test_a_reader_sees_the_old_or_the_new_content_and_never_a_part(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = {letter * 200_000 for letter in "abc"}
    write_atomically(path, "a" * 200_000)
    seen = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(10):
        for content in sorted(contents):
            write_atomically(path, content)
    stop.set()
    reader.join()
    assert seen <= contents


def write_forever(path: Path) -> None:
    while True:
        for letter in "ab":
            write_atomically(path, letter * 300_000)


def swap_forever(path: Path) -> None:
    while True:
        for letter in "ab":
            with new_directory(path) as folder:
                for number in range(10):
                    (folder / str(number)).write_text(letter)


def kill_while(work: Callable[[Path], None], path: Path, *, delay: float) -> None:
    child = os.fork()
    if child == 0:
        work(path)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.parametrize("delay", [0.01, 0.017, 0.023, 0.031, 0.05])
def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path: Path, delay: float) -> None:
    path = tmp_path / "file"
    write_atomically(path, "a" * 300_000)
    kill_while(write_forever, path, delay=delay)
    assert path.read_text() in {"a" * 300_000, "b" * 300_000}


@pytest.mark.parametrize("delay", [0.01, 0.017, 0.023, 0.031, 0.05])
def test_a_writer_that_is_killed_leaves_a_whole_directory(tmp_path: Path, delay: float) -> None:
    path = tmp_path / "folder"
    with new_directory(path) as folder:
        for number in range(10):
            (folder / str(number)).write_text("a")
    kill_while(swap_forever, path, delay=delay)
    assert names(path) == [str(number) for number in range(10)]
    assert len({file.read_text() for file in path.iterdir()}) == 1


def test_a_new_file_takes_its_place_at_the_end_of_the_block(tmp_path: Path) -> None:
    path = tmp_path / "image.squashfs"
    path.write_text("old")
    with new_file(path) as temporary:
        assert temporary.name == path.name
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["image.squashfs"]


def test_a_new_file_of_a_failed_block_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "image.squashfs"

    def fail() -> None:
        with new_file(path) as temporary:
            temporary.write_text("half")
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail()
    assert names(tmp_path) == []


def test_a_new_directory_replaces_an_older_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.mkdir()
    (path / "old").write_text("")
    with new_directory(path) as folder:
        (folder / "new").write_text("")
        assert names(path) == ["old"]
    assert names(path) == ["new"]
    assert names(tmp_path) == ["image"]


def test_a_new_directory_of_a_failed_block_leaves_the_older_one(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.mkdir()
    (path / "old").write_text("")

    def fail() -> None:
        with new_directory(path) as folder:
            (folder / "new").write_text("")
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail()
    assert names(path) == ["old"]
    assert names(tmp_path) == ["image"]


def test_two_paths_change_places(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("1")
    second.mkdir()
    exchange(first, second)
    assert first.is_dir()
    assert second.read_text() == "1"


def test_a_path_that_is_missing_cannot_change_places(tmp_path: Path) -> None:
    (tmp_path / "first").write_text("1")
    with pytest.raises(FileNotFoundError, match="second"):
        exchange(tmp_path / "first", tmp_path / "second")


def test_a_temporary_directory_is_gone_after_an_error(tmp_path: Path) -> None:
    def fail() -> None:
        with temporary_directory(tmp_path / "work") as folder:
            (folder / "file").write_text("")
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail()
    assert names(tmp_path / "work") == []


def test_removing_a_tree_follows_no_link(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("")
    link = tmp_path / "link"
    link.symlink_to(kept)
    remove_tree(link)
    remove_tree(tmp_path / "missing")
    assert names(kept) == ["file"]
    remove_tree(kept)
    assert not kept.exists()


def test_a_lock_is_waited_for_and_the_user_is_told(tmp_path: Path) -> None:
    lock = tmp_path / "locks" / "core"
    order = []
    entered, release = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(lock):
            order.append("first")
            entered.set()
            release.wait(10)
            order.append("first ends")

    holder = threading.Thread(target=hold)
    holder.start()
    assert entered.wait(10)
    told = []

    def tell(event: object) -> None:
        told.append(event)
        release.set()

    with locked(lock, sink=tell):
        order.append("second")
    holder.join()
    assert order == ["first", "first ends", "second"]
    assert told == [Warned(f"waiting for another modpkg that holds {lock}")]


def test_a_lock_that_is_free_says_nothing(tmp_path: Path) -> None:
    told: list[object] = []
    for _ in range(2):
        with locked(tmp_path / "lock", sink=told.append):
            pass
    assert told == []


def test_a_lock_is_free_when_its_holder_was_killed(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with locked(lock):
            os.write(writing, b"x")
            time.sleep(60)
    os.read(reading, 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    os.close(writing)
    with locked(lock):
        assert lock.exists()


def test_an_empty_file_has_the_digest_of_nothing(tmp_path: Path) -> None:
    assert write_atomically(tmp_path / "empty", b"").sha256 == EMPTY


def test_directories_are_synced_and_files_are_not_taken_for_them(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    sync_directories([tmp_path, tmp_path])
    with pytest.raises(NotADirectoryError):
        sync_directories([tmp_path / "file"])


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Let the machine refuse to write more, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_write_that_the_machine_refuses_names_the_file_and_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, "old")
    with no_file_larger_than(1000), pytest.raises(OSError, match="File too large") as caught:
        write_atomically(path, b"x" * 2000)
    assert caught.value.filename == str(path)
    assert (path.read_text(), names(tmp_path)) == ("old", ["file"])


def test_a_new_file_that_the_machine_refuses_is_named_too(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with (
        no_file_larger_than(1000),
        pytest.raises(OSError, match="File too large") as caught,
        new_file(path) as temporary,
        temporary.open("wb") as stream,
    ):
        stream.write(b"x" * 100_000)
    assert caught.value.filename == str(path)
    assert names(tmp_path) == []


def test_a_name_that_an_error_has_is_kept(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught, new_file(tmp_path / "file"):
        (tmp_path / "other").read_bytes()
    assert caught.value.filename == str(tmp_path / "other")


def test_a_file_system_can_be_synchronised(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    sync_file_system(tmp_path)
    with pytest.raises(OSError, match="none"):
        sync_file_system(tmp_path / "none")


@pytest.mark.parametrize("size", [0, 1, SMALL - 1, SMALL, SMALL + 1, 3 * SMALL])
def test_a_digest_is_that_of_the_whole_file(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    (tmp_path / "x").write_bytes(content)
    assert digest_file(tmp_path / "x") == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("size", [0, 5, 3_000_000])
def test_a_copy_has_the_content_and_takes_the_place_of_what_was_there(tmp_path: Path, size: int) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(size))
    target.write_bytes(bytes(4_000_000))
    copy_file(source, target)
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_ino != source.stat().st_ino


def test_a_copy_that_fails_names_what_was_written(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    with pytest.raises(OSError, match="/dev/full"):
        copy_file(source, Path("/dev/full"))


def test_a_file_is_replaced_with_its_mode_and_time(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    replace_atomically(path, b"one", mode=0o600, seconds=7)
    inode = path.stat().st_ino
    replace_atomically(path, b"two", mode=0o640, seconds=8)
    found = path.stat()
    assert (path.read_bytes(), found.st_mode & 0o777, int(found.st_mtime)) == (b"two", 0o640, 8)
    assert found.st_ino != inode
    assert names(path.parent) == ["file"]
