"""The pool of a repository: packages under their digest. Never changes or removes a file that is in it."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from modpkg.errors import ModpkgError
from modpkg.host.files import digest_file, sync_directories, sync_file_system, temporary_directory
from modpkg.pipeline.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from modpkg.model.repository import Places

FIRST_LETTERS: Final = 2
PUBLIC_MODE: Final = 0o644
# More files than these, and the whole file system is synchronised at once.
FEW: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """A package of the pool; `path` is below `www`."""

    path: str
    sha256: str

    @property
    def file_name(self) -> str:
        """The name that tells name, version and architecture."""
        return self.path.rpartition("/")[2]

    @property
    def identity(self) -> Identity:
        """What its file name says that it is called."""
        return Identity.of_file(self.file_name)


@dataclass(slots=True, kw_only=True)
class Intake:
    """Takes packages into the pool, and small files beside it. They are on the disk when it has ended."""

    places: Places
    scratch: Path
    www: Path
    written: list[Path] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)

    def add(self, source: Path, *, file_name: str) -> Pooled:
        """Put a package into the pool, as a hard link where possible; nothing happens if it is there."""
        temporary = self.scratch / file_name
        _link_or_copy(source, temporary)
        # The digest of what was taken, not of the source, which may be replaced meanwhile.
        return self.take(temporary, sha256=digest_file(temporary))

    def take(self, temporary: Path, *, sha256: str) -> Pooled:
        """Move a file of this intake's scratch, whose digest is known, into the pool under its own name."""
        temporary.chmod(PUBLIC_MODE)
        pooled = Pooled(path=pool_path(sha256, temporary.name), sha256=sha256)
        target = self.www / pooled.path
        if target.exists():
            temporary.unlink()
        else:
            self._move(temporary, target)
        return pooled

    def link(self, source: Path, target: Path) -> None:
        """Put a file that never changes under another name, as a hard link where possible."""
        temporary = self.scratch / target.name
        _link_or_copy(source, temporary)
        self._move(temporary, target)

    def write(self, path: Path, text: str) -> None:
        """Write a small file."""
        temporary = self.scratch / path.name
        temporary.write_text(text, encoding="utf-8")
        temporary.chmod(PUBLIC_MODE)
        self._move(temporary, path)

    def sync(self) -> None:
        """Put all that was taken in on the disk."""
        if len(self.written) > FEW:
            sync_file_system(self.www)
            return
        for path in self.written:
            _sync(path)
        folders = {folder for path in self.written for folder in (path.parent, *path.parents[1:3])}
        sync_directories(folders)

    def _move(self, temporary: Path, target: Path) -> None:
        folder = target.parent
        if str(folder) not in self.folders:
            folder.mkdir(parents=True, exist_ok=True)
            self.folders.add(str(folder))
        # Path.replace makes another path: of thousands of packages that shows.
        os.replace(temporary, target)  # noqa: PTH105
        self.written.append(target)


@contextmanager
def intake(places: Places) -> Iterator[Intake]:
    """Give what takes packages in; those that are there when the block fails stay, and nothing names them."""
    with temporary_directory(places.incoming) as scratch:
        taking = Intake(places=places, scratch=scratch, www=places.www)
        yield taking
        taking.sync()


def find_in_pool(places: Places, sha256: str) -> Pooled:
    """Give the package with this digest; raises ModpkgError when the pool has lost it."""
    directory = places.www / pool_path(sha256, "")
    names = sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []
    if len(names) != 1:
        raise ModpkgError(
            f"cannot find the one package {sha256} in the pool: there are {len(names)}",
            where=str(directory),
            hint="restore the pool from a copy of the repository",
        )
    return Pooled(path=pool_path(sha256, names[0]), sha256=sha256)


def missing_from_pool(places: Places, digests: Iterable[str]) -> set[str]:
    """Give those of these packages that the pool does not have."""
    missing = set(digests)
    pool = places.www / "pool"
    # A few hundred lists of directories: asking for each of 20,000 packages takes ten times as long.
    for group in {digest[:FIRST_LETTERS] for digest in missing}:
        with suppress(FileNotFoundError):
            missing.difference_update(os.listdir(f"{pool}/{group}"))  # noqa: PTH208 - names alone, in half the time
    return missing


def check_pool(places: Places, digests: Iterable[str]) -> None:
    """Raise ModpkgError where the pool has lost one of these packages."""
    for digest in sorted(missing_from_pool(places, digests)):
        find_in_pool(places, digest)


def pool_path(sha256: str, file_name: str) -> str:
    """Give where a package lies below `www`."""
    return f"pool/{sha256[:FIRST_LETTERS]}/{sha256}/{file_name}"


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or a kernel that protects links to other people's files
        shutil.copyfile(source, target)


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
