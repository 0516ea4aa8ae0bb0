"""The content-addressed store: blobs, build records, unpacked fragments; shared by checkouts and processes.

A blob is written once, read-only, and verified on its way in; nothing here changes or removes one that is whole, and
one that is damaged is replaced when its content is added again. Every change is a rename: a process that is killed
leaves at most a scratch directory, which the next one removes.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from modpkg.errors import ModpkgError
from modpkg.events import Sink, ignore
from modpkg.host import files, namespaces
from modpkg.host.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from modpkg.host.files import Receipt

BLOB_MODE: Final = 0o444
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@-]*")
DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class DigestError(ModpkgError):
    """A file is not what it should be: its sha256 differs."""

    def __init__(self, name: str, *, wanted: str, found: str) -> None:
        self.wanted = wanted
        self.found = found
        super().__init__(f"cannot use {name}: its sha256 is {found}, not {wanted}")


@dataclass(frozen=True, slots=True)
class Store:
    """A store in the directory `root`, which need not exist yet."""

    root: Path

    @classmethod
    def default(cls, environ: Mapping[str, str]) -> Store:
        """Give the user's store: MODPKG_STORE, else modpkg in the user's cache directory."""
        if named := environ.get("MODPKG_STORE"):
            return cls(Path(named).absolute())
        cache = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or Path.home()) / ".cache"
        return cls(Path(cache) / "modpkg")

    def path(self, sha256: str) -> Path:
        """Give where the blob of this digest lies, or would lie."""
        digest = _checked(DIGEST, sha256)
        return self.root / "blobs" / "sha256" / digest[:2] / digest

    def records(self) -> Iterator[dict[str, Any]]:
        """Give all that was recorded, in the order of keys."""
        for path in sorted((self.root / "builds").glob("*.json")):
            if value := self.lookup(path.stem):
                yield value

    def has(self, sha256: str) -> bool:
        """Tell whether the blob is here."""
        return self.path(sha256).exists()

    def add(self, path: Path, *, sha256: str | None = None, name: str = "") -> Receipt:
        """Take a file in. One that lies in this store is moved, any other is copied.

        Raises DigestError, and leaves the file where it is, when it has not the digest `sha256`; `name` is
        what the error calls it.
        """
        if path.is_relative_to(self.root):
            return self._adopt(path, sha256, name or path.name)
        with self.scratch() as scratch:
            copy = scratch / "blob"
            shutil.copyfile(path, copy)
            return self._adopt(copy, sha256, name or str(path))

    def _adopt(self, path: Path, wanted: str | None, name: str) -> Receipt:
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
        receipt = files.receipt_of(path)
        if wanted not in {None, receipt.sha256}:
            raise DigestError(name, wanted=str(wanted), found=receipt.sha256)
        target = self.path(receipt.sha256)
        # One that a full disk cut is replaced: what is there under a digest would otherwise stay wrong for ever.
        if target.is_file() and files.same_content(path, target):
            path.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
            target.chmod(BLOB_MODE)  # not before: who waits for a partial file could not open it any more
        return files.Receipt(path=target, size=receipt.size, sha256=receipt.sha256)

    @contextmanager
    def lock(self, name: str, *, sink: Sink = ignore) -> Iterator[None]:
        """Hold the lock `name` of this store; say so while waiting for another process."""
        with files.locked(self.root / "locks" / _checked(NAME, name), sink=sink):
            yield

    def lookup(self, key: str) -> dict[str, Any] | None:
        """Give what was recorded under a key. A record that cannot be read is none: it is only a cache."""
        try:
            value = json.loads(self.record_path(key).read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return value if isinstance(value, dict) else None

    def record(self, key: str, value: Mapping[str, Any]) -> Receipt:
        """Write a build record, in place of an older one."""
        text = json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False)
        return files.write_atomically(self.record_path(key), text + "\n")

    def record_path(self, key: str) -> Path:
        """Give where the build record of a key lies, or would lie."""
        return self.root / "builds" / f"{_checked(NAME, key)}.json"

    def trees(self, mode: str) -> Path:
        """Give the directory of all fragments unpacked by builds of this mode."""
        return self.root / "trees" / _checked(NAME, mode)

    def tree(self, mode: str, sha256: str) -> Path:
        """Give where the fragment of this digest lies unpacked by builds of this mode; it may not exist.

        Make one in `scratch` and rename it to here: the modes are apart, as the owners on disk differ.
        """
        return self.trees(mode) / _checked(DIGEST, sha256)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give an empty directory on the store's file system, removed when the block ends.

        What killed processes left is removed on the way.
        """
        parent = self.root / "scratch"
        parent.mkdir(parents=True, exist_ok=True)
        with _locked_directories() as held:
            with files.locked(self.root / "locks" / ".scratch"):
                stale = [entry for entry in sorted(parent.iterdir()) if held.take(entry)]
                path = Path(tempfile.mkdtemp(dir=parent, prefix=f"{os.getpid()}."))
                held.take(path)
            try:
                for directory in stale:
                    with suppress(OSError, ModpkgError):  # the next one tries again
                        remove_tree(directory)
                yield path
            finally:
                remove_tree(path)


@dataclass(frozen=True, slots=True)
class _Held:
    """Directories held by a lock on themselves, which any end of the process frees."""

    descriptors: list[int]

    def take(self, directory: Path) -> bool:
        """Hold a directory, if nobody does."""
        try:
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:  # its owner has just removed it, or it is closed to us
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self.descriptors.append(descriptor)
        return True


@contextmanager
def _locked_directories() -> Iterator[_Held]:
    held = _Held([])
    try:
        yield held
    finally:
        for descriptor in held.descriptors:
            os.close(descriptor)


def remove_tree(path: Path) -> None:
    """Remove a directory, also one whose files belong to the mapped users of a rootless build."""
    try:
        files.remove_tree(path)
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EPERM} or os.geteuid() == 0:
            raise
        run([*namespaces.enter("user"), "rm", "-rf", "--", path])


def _checked(pattern: re.Pattern[str], text: str) -> str:
    # These become file names: a slash or ".." would lead out of the store.
    if not pattern.fullmatch(text):
        raise ModpkgError(f"internal error: {text!r} is no name of something in the store")
    return text
