"""A published repository to an object store: what is named goes up before what names it, what commits last.

Nothing is removed there. No publication happens meanwhile: the repository's lock is held.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from modpkg.errors import BadInputError, ModpkgError
from modpkg.events import Progress, Sink, StepFinished, StepStarted, ignore
from modpkg.host.files import locked
from modpkg.host.run import Stopwatch
from modpkg.model.hosting import cache_control, content_type, is_immutable, upload_rank
from modpkg.pipeline.journal import recover

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from modpkg.model.repository import Places

STEP: Final = "upload"
THREADS: Final = 8


class Stored(Protocol):
    """An object that is there."""

    @property
    def size(self) -> int:
        """Its size in bytes."""

    @property
    def tag(self) -> str:
        """The md5 of its content, or something else."""


class Target(Protocol):
    """Where files go."""

    @property
    def address(self) -> str:
        """What users call it."""

    def objects(self) -> Mapping[str, Stored]:
        """Give what is there."""

    def put(self, path: str, source: Path, *, headers: Mapping[str, str]) -> None:
        """Write an object."""

    def create(self, path: str, source: Path, *, headers: Mapping[str, str]) -> bool:
        """Write an object unless there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """What was sent, in order, what was there already, and how many bytes went."""

    address: str
    sent: tuple[str, ...]
    kept: int
    bytes: int


def plan_upload(places: Places, target: Target) -> Uploaded:
    """Tell what would be sent; sends nothing."""
    files = _files(places)
    there = target.objects()
    return _uploaded(
        places, target, [path for path in files if not _is_there(places, path, there)], len(files)
    )


def upload(places: Places, target: Target, *, sink: Sink = ignore) -> Uploaded:
    """Send what is not there yet, each kind of file after those that it names."""
    watch = Stopwatch.started()
    with locked(places.lock, sink=sink):
        recover(places, sink=sink)
        planned = plan_upload(places, target)
        sink(StepStarted(STEP, f"{len(planned.sent)} files are not in {target.address}"))
        done = 0
        for _, group in groupby(planned.sent, key=upload_rank):
            for _ in _send(places, list(group), target):
                done += 1
                sink(Progress(STEP, done, len(planned.sent), "files"))
    sink(StepFinished(STEP, watch.seconds, watch.cpu_seconds))
    return planned


def _send(places: Places, paths: list[str], target: Target) -> Iterator[str]:
    def send(path: str) -> str:
        headers = {"Cache-Control": cache_control(path), "Content-Type": content_type(path)}
        if not is_immutable(path):
            target.put(path, places.www / path, headers=headers)
        elif not target.create(path, places.www / path, headers=headers):
            _check_same(places, path, target)
        return path

    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        yield from pool.map(send, paths)


def _check_same(places: Places, path: str, target: Target) -> None:
    # Somebody was quicker, or what is there has another size: the second must not be committed to.
    if not _is_there(places, path, target.objects()):
        raise ModpkgError(
            "cannot upload this file: there is another one of its name",
            where=f"{target.address}/{path}",
            hint="files of this kind never change: find out who wrote it, and remove it",
        )


def _files(places: Places) -> list[str]:
    found = [
        str(Path(directory, name).relative_to(places.www))
        for directory, _, names in os.walk(places.www)
        for name in names
        if not name.startswith(".") and not Path(directory, name).is_symlink()
    ]
    if not any(path.endswith("/InRelease") for path in found):
        raise BadInputError(
            "cannot upload the repository: nothing is published",
            where=str(places.root),
            hint="invoke publish",
        )
    return sorted(found, key=lambda path: (upload_rank(path), path))


def _is_there(places: Places, path: str, there: Mapping[str, Stored]) -> bool:
    known, local = there.get(path), places.www / path
    if known is None or known.size != local.stat().st_size:
        return False
    return is_immutable(path) or known.tag == _md5(local)


def _md5(path: Path) -> str:
    # Object stores tell this digest of what they have; it guards nothing here.
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _uploaded(places: Places, target: Target, sent: list[str], total: int) -> Uploaded:
    size = sum((places.www / path).stat().st_size for path in sent)
    return Uploaded(address=target.address, sent=tuple(sent), kept=total - len(sent), bytes=size)
