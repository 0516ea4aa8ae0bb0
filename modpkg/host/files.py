"""Files written whole or not at all, digests, locks and temporary directories."""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import shutil
import stat
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final

from modpkg.events import Sink, Warned, ignore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Linux: fcntl.h and stdio.h. Python has no name for them.
AT_FDCWD: Final = -100
RENAME_EXCHANGE: Final = 2
COMPARED_BYTES: Final = 1 << 20
SMALL: Final = 1 << 16
COPIED_BYTES: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a write left behind: the path, its size in bytes, its sha256 in hexadecimal."""

    path: Path
    size: int
    sha256: str


def is_special(path: Path) -> bool:
    """Tell whether it is neither a file nor a directory: a pipe would be waited for, a device may have no end."""
    mode = path.stat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def digest_file(path: Path) -> str:
    """Give the sha256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        start = stream.read(SMALL)
        if len(start) < SMALL:
            # Most files are, and a large buffer for each would take longer than its digest.
            return hashlib.sha256(start).hexdigest()
        stream.seek(0)
        return hashlib.file_digest(stream, "sha256").hexdigest()


def receipt_of(path: Path) -> Receipt:
    """Measure a file that exists."""
    return Receipt(path=path, size=path.stat().st_size, sha256=digest_file(path))


def same_content(one: Path, other: Path) -> bool:
    """Tell whether two files hold the same bytes, without a digest of either."""
    with one.open("rb") as first, other.open("rb") as second:
        if os.fstat(first.fileno()).st_size != os.fstat(second.fileno()).st_size:
            return False
        while piece := first.read(COMPARED_BYTES):
            if piece != second.read(COMPARED_BYTES):
                return False
        return not second.read(1)


@contextmanager
def measuring(path: Path) -> Iterator[Callable[[], Receipt]]:
    """Measure a file, which nobody changes, by a thread while the block works; what is given waits for it.

    The file is mapped and hashed in one call: a thread that comes back to Python for each block waits for its lock.
    """
    found: list[Receipt] = []

    def measure() -> None:
        # An empty file cannot be mapped. What else keeps the thread from it is said below, to who asks.
        with suppress(OSError, ValueError):
            found.append(_mapped_receipt(path))

    def receipt() -> Receipt:
        thread.join()
        return found[0] if found else receipt_of(path)

    thread = Thread(target=measure, daemon=True)

    thread.start()
    try:
        yield receipt
    finally:
        thread.join()


def _mapped_receipt(path: Path) -> Receipt:
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return Receipt(path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest())


def write_atomically(
    path: Path,
    data: bytes | str,
    *,
    mode: int = 0o644,
    seconds: int | None = None,
    sha256: str | None = None,
) -> Receipt:
    """Write a file by a temporary one and a rename: readers see the old or the new content, never a part.

    `seconds` since 1970 is its time of modification; without it, the clock's. `sha256` is that of the data, for a
    caller that knows it already.
    """
    content = data.encode() if isinstance(data, str) else data
    replace_atomically(path, content, mode=mode, seconds=seconds)
    return Receipt(path=path, size=len(content), sha256=sha256 or hashlib.sha256(content).hexdigest())


def replace_atomically(path: Path, content: bytes, *, mode: int = 0o644, seconds: int | None = None) -> None:
    """Do as `write_atomically`, where nobody asks for the digest of what is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with naming(path), os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            if seconds is not None:
                os.utime(stream.fileno(), (seconds, seconds))
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def copy_file(source: Path, target: Path) -> None:
    """Copy the content of a file; the kernel moves it. What Python has for it asks six times what the files are."""
    with source.open("rb", buffering=0) as reader, naming(target), target.open("wb", buffering=0) as writer:
        while os.sendfile(writer.fileno(), reader.fileno(), None, COPIED_BYTES):
            pass


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name `path` in errors of the block: a write that fails does not say what was written."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; it takes its place when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary_directory(path.parent, prefix=f".{path.name}.") as scratch:
        temporary = scratch / path.name
        with naming(path):
            yield temporary
            with temporary.open("rb") as stream:
                os.fsync(stream.fileno())
        temporary.replace(path)


@contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """Give an empty directory beside `path`; it replaces an older one when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary_directory(path.parent, prefix=f".{path.name}.") as scratch:
        temporary = scratch / path.name
        temporary.mkdir()
        yield temporary
        if path.exists():
            exchange(temporary, path)
        else:
            temporary.rename(path)


def exchange(first: Path, second: Path) -> None:
    """Let two paths change places at once: nobody ever sees one of them missing."""
    import ctypes  # noqa: PLC0415 - few commands replace a directory

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(AT_FDCWD, os.fsencode(first), AT_FDCWD, os.fsencode(second), RENAME_EXCHANGE) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(first), None, str(second))


def sync_directories(paths: Iterable[Path]) -> None:
    """Put the names in these directories on the disk, before something that names them is renamed."""
    for path in sorted(set(paths)):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_file_system(path: Path) -> None:
    """Put all that was written to the file system of this directory on the disk."""
    import ctypes  # noqa: PLC0415 - few commands write so many files

    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if libc.syncfs(descriptor) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(path))
    finally:
        os.close(descriptor)


@contextmanager
def temporary_directory(parent: Path, *, prefix: str = ".tmp.") -> Iterator[Path]:
    """Give an empty directory inside `parent`, removed when the block ends."""
    parent.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
    try:
        yield path
    finally:
        remove_tree(path)


def remove_tree(path: Path) -> None:
    """Remove a directory and all below it; nothing happens if there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)


@contextmanager
def locked(path: Path, *, sink: Sink = ignore) -> Iterator[None]:
    """Hold an exclusive lock on a file; say so while waiting. Any end of the process frees it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sink(Warned(f"waiting for another modpkg that holds {path}"))
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
